"""Activities (活动): what organisations have done together. No cases: nobody asks for them, and nobody is answered."""

from typing import Annotated

from pydantic import Field

from bus.contract.types import Division, Moment, NativeId, Strict
from bus.sdk.center import Activity, Host


class Held(Strict):
    """活动登记: form ``activity``. Each host may report it, under one number; it counts once."""

    event_id: NativeId = Field(title="报送流水号")
    activity_no: NativeId = Field(title="活动编号；各主办单位报同一编号")
    hosts: Annotated[tuple[Host, ...], Field(min_length=1, max_length=50, fail_fast=True, title="主办单位")]
    division: Division = Field(title="区划代码 6、9 或 12 位")
    held_at: Moment = Field(title="举办时间")

    def activity(self, system: str) -> Activity:
        """The activity, under the name of the records that its number is of."""
        return Activity(
            system=system,
            native_id=self.activity_no,
            hosts=self.hosts,
            division=self.division,
            held_at=self.held_at,
        )
