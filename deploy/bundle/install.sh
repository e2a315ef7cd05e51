#!/bin/sh
# install.sh [FOLDER]: install the product from this folder, without any network; FOLDER is /opt/four-center-bus unless named.
# PYTHON=/path/to/python3.11 names another Python. Each version stands in a folder of its own, FOLDER/.venv points to the newest.
set -eu
umask 022

die() {
    printf '%s\n' "$@" >&2
    exit 1
}

folder=${1:-/opt/four-center-bus}
case $folder in /*) ;; *) folder=$(pwd)/$folder ;; esac
cd "$(dirname "$0")"

sha256sum --check --strict --quiet SHA256SUMS ||
    die "文件与 SHA256SUMS 不符：请重新拷贝整个包。" "Files differ from SHA256SUMS: copy the whole bundle again."

machine=$(uname -m)
for candidate in ${PYTHON:-python3 $(sed 's/^\([^ ]*\).*/python\1/' targets)}; do
    path=$(command -v "$candidate") || continue
    version=$("$path" -c 'import sys, venv; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || continue
    if grep -qx "$version $machine" targets; then
        python=$path
        break
    fi
done
[ -n "${python-}" ] || die "本包适用于 / this bundle is for (Python, uname -m):" "$(cat targets)" \
    "本机 / this machine: $machine。请安装其中一种 Python，或用 PYTHON=/path/to/python3.11 指定。" \
    "Install one of these Pythons, or name it: PYTHON=/path/to/python3.11 ./install.sh"

# the service runs as a user of its own, which cannot enter root's folders
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null &&
    ! setpriv --reuid=65534 --regid=65534 --clear-groups "$python" -c '' 2>/dev/null; then
    echo "注意：其他用户不能运行 $python，服务将无法启动。" >&2
    echo "Note: other users cannot run $python, so the service will not start: take the system's Python." >&2
fi

[ -L "$folder/.venv" ] || [ ! -e "$folder/.venv" ] || die "$folder/.venv 由源码安装：请换一个目录。" \
    "$folder/.venv was installed from a checkout: name another folder."
release=$folder/releases/$(sed -n 's/^four-center-bus==\([^ ]*\) .*/\1/p' product.lock)
"$python" -m venv --clear --without-pip "$release"
# no setting of the machine may name another place to take packages from
PIP_CONFIG_FILE=/dev/null "$release/bin/python" "$(echo wheels/pip-*.whl)/pip" --isolated install --quiet --no-input \
    --disable-pip-version-check --no-cache-dir --no-index --find-links wheels --only-binary :all: --require-hashes \
    -r requirements.lock -r product.lock
"$release/bin/bus" --version

for part in README.md README.zh-CN.md docs deploy sbom.cdx.json; do
    rm -rf "${folder:?}/$part"
    cp -R "$part" "$folder/"
done
# one step: a service that starts meanwhile finds the old version or the new one
ln -s "releases/${release##*/}" "$folder/.venv.new"
mv -T "$folder/.venv.new" "$folder/.venv"
printf '%s\n' "已安装：$folder/.venv/bin/bus；接着见 $folder/docs/deploy.md。" \
    "Installed: $folder/.venv/bin/bus; go on with $folder/docs/deploy.md."
