"""JSON Schemas whose closed lists name their values: generators of clients make no identifiers of Chinese ones."""

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema


class NamedEnums(GenerateJsonSchema):
    """Gives each value of a closed list the name that it has in code."""

    def enum_schema(self, schema: core_schema.EnumSchema) -> JsonSchemaValue:
        """As pydantic does, and the names."""
        return {**super().enum_schema(schema), "x-enum-varnames": [member.name for member in schema["members"]]}
