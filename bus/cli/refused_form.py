"""What a center's intake would refuse in a form, without sending it: for ``bus import --check``."""

import json
from typing import Any

from pydantic import ValidationError

from bus.http.forms import faults_of
from bus.importing.spreadsheet import CellFault
from bus.pipeline.unknown_fields import unknown_fields
from bus.sdk.center import Form


def refusal_of(form: dict[str, Any], wanted: Form, *, strict: bool) -> list[CellFault]:
    """The faults for which the intake would refuse this form; empty: none. Fields that it would only warn of are named
    where the center is strict."""
    try:
        filled = wanted.model.model_validate_json(json.dumps(form, ensure_ascii=False))
    except ValidationError as error:
        return [CellFault(one["field"], one["problem"]) for one in faults_of(error)]
    unknown = [one for one in unknown_fields(filled, form) if strict or one.meant]
    return [CellFault(one.path, f"misspelt, {one.meant}" if one.meant else "unknown") for one in unknown]
