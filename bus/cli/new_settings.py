"""``bus doctor --new-settings CENTER``: initial settings, as strict as possible."""

from bus.bilingual import Bilingual
from bus.contract.facts import is_ledger
from bus.contract.types import CENTER_PATTERN

WRONG = Bilingual("中心名称应如 media_center-150402", f"a center is called like media_center-150402 ({CENTER_PATTERN})")
_TEXT = """\
# 一个中心的配置 / one center's settings. Copy to deploy/<CENTER>.toml; `bus doctor --config FILE` checks it.
# 不写在文件里的 / kept in the environment:
#   BUS_BROKER          amqps://{center}:口令@rabbitmq.county.example:5671/%2F
#   BUS_INTAKE_SECRET   whsec_…，与业务系统共用，bus doctor --new-secret 生成 / shared with the center's own system
#   BUS_BACKEND__TOKEN   调用本中心业务系统的令牌 / the token for calls into the center's own system
center = "{center}"
# 正式运行：有严重漏洞就不启动；试装时去掉 / it does not start with a grave weakness; leave it out while you try
production = true
# 新增的严重问题也不启动，未知字段拒收 / what is newly grave stops it too; unknown fields are refused
strict = true
# SQLite 一台机器足够；多进程用 PostgreSQL / SQLite suffices on one machine
store = "sqlite:////var/lib/bus/{center}.db"
# store = "postgresql+psycopg://{kind}@127.0.0.1:5432/{kind}"
# 附件目录 / folder of the attachments
data = "/var/lib/bus/{center}"
# 县里指定的裁定中心 / the center that the county made its arbiter
# arbiter = "government_service-150402"
# 退单几次后提请裁定 / how many returns before the arbiter is asked
returns_before_arbiter = 2
# 连续失败多少次后搁置 / attempts at the center's own system before a task is parked
park_after = 12
# 同时调用业务系统的上限 / calls into the center's own system at once
concurrency = 4

[http]
host = "127.0.0.1"
port = 8080
# 其他中心取附件的地址 / where other centers fetch attachments
public_url = "https://{host}.county.example/bus"

# 签名与加密：bus keys 生成与登记，见 docs/deploy.md / signatures and seals: keys are made and listed with `bus keys`
[trust]
keys = "/etc/bus/{center}.keys.json"
directory = "/etc/bus/county.directory"
operator = "/etc/bus/operator.pub"

# 库的加密与到期抹除 / the store under a key; closed cases are erased in time
[at_rest]
key = "/etc/bus/{center}.store-key"

[retention]
erase_after_days = 1095

# 时限与自动催办：旗县定好期限后启用，见 docs/operate.md / reminders, once the county has settled its terms
[clocks]
enabled = false

[backend]
url = "https://app.{host}.county.example/api"
timeout = 10

# 第一条合适的生效；* 代表其余任意内容 / the first that fits holds; * stands for anything that follows
[[routes]]
category = "government-service"
to = "government_service-150402"

[[routes]]
category = "volunteer"
to = "civilization_center-150402"

[[routes]]
to = "party_service-150402"
"""


_LEDGER = """\
# 全县总账的配置 / the settings of a county's ledger. `bus ledger run --config FILE` runs it.
# 不写在文件里的 / kept in the environment:
#   BUS_BROKER          amqps://{center}:口令@rabbitmq.county.example:5671/%2F
center = "{center}"
# 正式运行：有严重漏洞就不启动 / it does not start with a grave weakness
production = true
strict = true
# SQLite 一台机器足够 / SQLite suffices on one machine
store = "sqlite:////var/lib/bus/{center}.db"
data = "/var/lib/bus/{center}"

[http]
host = "127.0.0.1"
port = 8090

# 签名与加密：bus keys 生成与登记，见 docs/deploy.md / signatures and seals: keys are made and listed with `bus keys`
[trust]
keys = "/etc/bus/{center}.keys.json"
directory = "/etc/bus/county.directory"
operator = "/etc/bus/operator.pub"

[at_rest]
key = "/etc/bus/{center}.store-key"

# 统计口径，须与各中心一致 / how the county reckons: the same as in the centers' settings
[figures]
day_begins = "00:00"
month_begins = 1

# 上级总账（盟市、自治区）；没有就不写 / the ledger above, of the league or the region, where there is one
# [facts]
# ledger = "ledger-150400"
"""


def new_settings(center: str) -> str:
    """A settings file for this center: the needed settings, each line with a comment."""
    if is_ledger(center):
        return _LEDGER.format(center=center)
    kind = center.partition("-")[0]
    return _TEXT.format(center=center, kind=kind, host=kind.partition("_")[0])
