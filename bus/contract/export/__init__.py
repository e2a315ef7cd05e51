"""The wire contract in language-neutral files, generated from the models: JSON Schemas, AsyncAPI, contract,
examples."""

from bus.contract.export.schema_folder import PUBLISHED, drift, generate, publish, write

__all__ = ["PUBLISHED", "drift", "generate", "publish", "write"]
