"""
The common case of admission: an integer counted down, and one time compared.
"""

from collections.abc import Sequence

from service.quota.fields import LOW, AnyGauge
from service.quota.gcra import NEVER_NS
from service.quota.rate_gauge import RateGauge

ADMITTED, REFUSED, ASK = 0, 1, 2
_ALL = 2**30 - 1
"""As many as none: more than come in the second after which the limits are looked at again."""


class Fast:
    """
    Lets requests through that some limits have been seen to allow, without looking at the limits again.

    What it lets through is known by ``_free`` alone, out of ``_prepaid``, until it is settled. Where the share decides,
    ``_due_ns`` stands for the one limit a second among them.
    """

    __slots__ = (
        "_due_ns", "_free", "_interval_ns", "_low_early_ns", "_low_free", "_prepaid", "_tolerance_ns", "_until_ns",
    )  # fmt: skip

    _due_ns: int
    _free: int
    _interval_ns: int
    _low_early_ns: int
    _low_free: int
    _prepaid: int
    _tolerance_ns: int
    _until_ns: int

    def __init__(self) -> None:
        self.stop()

    def take(self, service: str, now_ns: int) -> int:
        """
        Charge one request.

        Args:
            service: such as ``rate``.
            now_ns: nanoseconds of a clock that never goes back.

        Returns:
            ``ADMITTED``; ``REFUSED``; or ``ASK``: nothing is lent, but something may be. Then wait for the lender and
            take again.

        """
        free = self._free
        if free > 0 and now_ns < self._until_ns:
            due = self._due_ns
            early = due - now_ns
            if early <= self._tolerance_ns:
                self._due_ns = (due if early > 0 else now_ns) + self._interval_ns
                self._free = free - 1
                return ADMITTED
        return self._take_slowly(service, now_ns)

    def is_low(self, now_ns: int) -> bool:
        """
        Less than a fifth of some limit will remain after one more request, so that its answer says so.
        """
        free = self._free
        low = free <= self._low_free if free else self._low_free > 0
        return low or self._due_ns - now_ns + self._interval_ns > self._low_early_ns

    def _take_slowly(self, service: str, now_ns: int) -> int:
        raise NotImplementedError

    def stop(self) -> None:
        """
        Let nothing through until paid for again.
        """
        self._free = self._prepaid = self._low_free = 0
        self._until_ns = -NEVER_NS
        self._due_ns = self._interval_ns = self._tolerance_ns = 0
        self._low_early_ns = NEVER_NS

    def settle(self, gauges: Sequence[AnyGauge], now_ns: int, *, lent: bool) -> int:
        """
        Charge the limits with what was let through, and stop.

        Returns:
            How many that were.

        """
        used, due_ns, paid = self._prepaid - self._free, self._due_ns, self._prepaid
        self.stop()
        for gauge in gauges if paid else ():
            if lent:
                gauge.spend_lent(used, now_ns)
            elif isinstance(gauge, RateGauge):
                gauge.count(used)
                gauge.gcra.due_ns = due_ns
            else:
                gauge.spend(used, now_ns)
        return used

    def prepay(self, gauges: Sequence[AnyGauge], until_ns: int, now_ns: int, *, lent: bool) -> None:
        """
        Look at the limits, and let through what they allow.

        Args:
            gauges: every limit a request must be within; at most one a second.
            until_ns: look again then.
            lent: by Redis, else it is this process's share.

        """
        self._until_ns = until_ns
        free = _ALL
        for gauge in gauges:
            if lent:
                free = min(free, gauge.held)
            elif isinstance(gauge, RateGauge):
                gcra = gauge.gcra
                self._due_ns, self._interval_ns, self._tolerance_ns = gcra.due_ns, gcra.interval_ns, gcra.tolerance_ns
                self._low_early_ns = (
                    gcra.tolerance_ns + gcra.interval_ns - (gcra.tolerance_ns + gcra.interval_ns) // LOW
                )
            else:
                free = min(free, gauge.room(now_ns))
        self._free = self._prepaid = max(0, free)
        self._prepay_low(gauges, now_ns, lent)

    def _prepay_low(self, gauges: Sequence[AnyGauge], now_ns: int, lent: bool) -> None:
        for gauge in gauges:
            if lent or not isinstance(gauge, RateGauge):
                spare = gauge.left(now_ns, lent=lent) - gauge.capacity // LOW
                self._low_free = max(self._low_free, self._free - spare)

    def show_low(self, low: bool) -> None:
        """
        Say whether little remains, where nothing is let through here.
        """
        self._low_free = int(low)
