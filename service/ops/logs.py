"""
What the service says of itself: one JSON object a line on standard error.

Nothing that came from outside can end a line, colour a terminal, or leave a secret or a whole number in it.
"""

import logging
import re
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from service.watch.masked import mask_numbers

LEVELS = ("debug", "info", "warning", "error")
_TRACE = ("exception", "stack")
"""Fields of several lines, as JSON has them."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_CONTROLS_BUT_LINES = re.compile(_CONTROLS.pattern.replace(r"\x00-\x1f", r"\x00-\x09\x0b-\x1f"))
_SECRETS = (
    (re.compile(r"\brd_(live|test)_\w{8,}"), r"rd_\1_…"),
    (re.compile(r"\beyJ[\w-]+\.[\w.-]+"), "…"),  # a token: JSON in base64
    (re.compile(r"\b(Bearer|Basic) +[^\s\"',]+", re.IGNORECASE), r"\1 …"),
    (re.compile(r"\b(Auth|password|secret|token)=[^\s&\"',]+", re.IGNORECASE), r"\1=…"),
    (re.compile(r"://[^/@\s\"']+@"), "://…@"),
)


def set_up_logging(level: str) -> None:
    """
    Send all that is logged in this process, by whatever library, to standard error.

    Args:
        level: one of :data:`LEVELS`; of libraries, warnings at the least.
    """
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper("iso", utc=True),
        structlog.processors.CallsiteParameterAdder([structlog.processors.CallsiteParameter.PROCESS]),
    ]
    after: list[Processor] = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        neutralise,
        structlog.processors.JSONRenderer(),
    ]
    structlog.configure(
        [*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=after))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("ratedip").setLevel(level.upper())


def neutralise(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """
    Take out of every text what it must not have.
    """
    return {_clean(name): _value(value, in_lines=name in _TRACE) for name, value in event.items()}


def _value(value: Any, *, in_lines: bool = False) -> Any:
    if isinstance(value, dict):
        return {_clean(str(name)): _value(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_value(each) for each in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _clean(value if isinstance(value, str) else repr(value), in_lines=in_lines)


def _clean(text: str, *, in_lines: bool = False) -> str:
    text = (_CONTROLS_BUT_LINES if in_lines else _CONTROLS).sub("\ufffd", text)
    for pattern, left in _SECRETS:
        text = pattern.sub(left, text)
    return text if in_lines else mask_numbers(text)
