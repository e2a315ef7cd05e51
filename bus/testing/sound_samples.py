"""The playable samples: a wrong sample is reported once, and later checks skip it."""

from collections.abc import Sequence
from typing import TypeVar

from bus.testing.samples import InSample, OutSample, Samples

SampleT = TypeVar("SampleT", InSample, OutSample)


class SoundSamples:
    """An adapter's samples without the ones found wrong."""

    def __init__(self, samples: Samples) -> None:
        self._samples = samples
        self._wrong: set[str] = set()

    def ins(self) -> list[InSample]:
        """The form samples. Raises ``AssertionError`` if none is left: a check without a sample proves nothing."""
        return self._left(self._samples.ins, "form", "表单")

    def outs(self) -> list[OutSample]:
        """The message samples. Raises ``AssertionError`` if none is left: a check without a sample proves nothing."""
        return self._left(self._samples.outs, "message", "报文")

    def found_wrong(self, sample: InSample | OutSample) -> None:
        """Skip this sample from now on; the caller has reported the reason."""
        self._wrong.add(sample.file)

    def require(self, found: bool, what: str, zh: str, en: str) -> None:
        """Raises ``AssertionError`` with both texts if nothing was found, unless the manifest gives a reason under
        ``[samples.without]``: a check without a sample proves nothing."""
        declared = self._samples.manifest.get("samples", {}).get("without", {})
        assert found or declared.get(what), (
            f"{zh}，无从检验；请添加样例，或在 center.toml 的 [samples.without] 中说明原因 / {en}: nothing is proven "
            f'without one; add it, or give the reason in center.toml under [samples.without]: {what} = "…"'
        )

    def _left(self, samples: Sequence[SampleT], what: str, zh: str) -> list[SampleT]:
        left = [sample for sample in samples if sample.file not in self._wrong]
        self.require(bool(samples), what, f"没有{zh}样例", f"no {what} sample")
        assert left or not samples, f"{zh}样例全部有误，请先改正 / every {what} sample is wrong: correct them first"
        return left
