"""
The one place that reads the environment.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """
    Every knob, its name in the environment being ``RATEDIP_`` and the name here in capitals.
    """

    model_config = SettingsConfigDict(env_prefix="RATEDIP_")

    data: Path = Field(Path("data"), description="Directory of the store and the compiled cards.")
    database_url: str = Field(
        "", description="SQLAlchemy URL of the store; empty: a SQLite file in the data directory."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on.")
    workers: int = Field(1, ge=1, le=256, description="Serving processes.")
    demo: bool = Field(default=False, description="Sample cards, and an account for whoever asks without a credential.")
    demo_rps: int = Field(100, ge=1, le=10**9, description="Look-ups a second the demo account may make.")
    demo_card: str = Field("sdf", description="The demo account's own card, asked when a request names none.")
    demo_cards: str = Field("sdf", description="Cards the demo account may ask, with commas between; `*`: all.")
    redis_url: SecretStr = Field(
        SecretStr(""),
        description="Redis that plans are counted in by all processes together: redis://, rediss://, redis+cluster:// "
        "or redis+sentinel://host:port,host:port/name; empty: each process counts its share.",
    )
    fleet_workers: int = Field(
        0, ge=0, description="Serving processes of all nodes together, for shares of plans; 0: those of this node."
    )
    cdr_days: int = Field(
        90, ge=0, le=36_500, description="Days that call records are kept, from the start of the call; 0: for ever."
    )
    asrplus_codes: str = Field(
        "404,410,484,604", description="SIP answers that say a number is dead; accounts choose among them."
    )
    asrplus_days: int = Field(30, ge=1, le=80, description="Days that ASRPlus keeps what was answered for a number.")
    quality_windows: str = Field("5m,1h,24h", description="Spans that ASR, ACD and PDD are told of, to 24 h at most.")
    quality_min_calls: int = Field(
        20, ge=1, le=10**6, description="Attempts below which nothing is said of ASR, ACD and PDD."
    )
    lrn_url: SecretStr = Field(
        SecretStr(""), description="Who is asked for `lrn`: an address with `{number}` in it; empty: nobody."
    )
    lrn_ms: int = Field(100, ge=1, le=5_000, description="Milliseconds after which it answers too late.")
    lrn_url_2: SecretStr = Field(SecretStr(""), description="Who is asked where that one does not answer.")
    lrn_ms_2: int = Field(100, ge=1, le=5_000, description="Milliseconds after which this one answers too late.")
    lrn_fields: str = Field(
        "", description="Where fields stand in its JSON: `lrn=data.lrn,lec=carrier`; others under their own names."
    )
    hlr_url: SecretStr = Field(SecretStr(""), description="Who is asked for `hlr`, likewise.")
    hlr_ms: int = Field(100, ge=1, le=5_000, description="Milliseconds after which it answers `hlr` too late.")
    hlr_url_2: SecretStr = Field(SecretStr(""), description="Who is asked for `hlr` where that one does not answer.")
    hlr_ms_2: int = Field(100, ge=1, le=5_000, description="Milliseconds after which this one answers `hlr` too late.")
    hlr_fields: str = Field("", description="Where fields stand in the JSON of `hlr`: `mcc=network.mcc`.")
    dip_keep_s: int = Field(
        3_600, ge=0, le=2_592_000, description="Seconds for which what they answered is told again; 0: it is not."
    )
    trusted_proxies: str = Field("", description="Networks (CIDR, commas between) whose X-Forwarded-For is believed.")
    require_https: bool = Field(
        default=False, description="Refuse plain HTTP, unless a trusted proxy marks it X-Forwarded-Proto: https."
    )
    ssl_certfile: str = Field("", description="Certificate chain to serve TLS with, PEM; empty: plain HTTP.")
    ssl_keyfile: str = Field("", description="Its key, PEM without a password; empty: in the same file.")
    maintenance: bool = Field(
        default=False,
        description="Slow services rest (503), look-ups go on; so does a file `maintenance` in the data directory.",
    )
    notice_s: float = Field(
        0,
        ge=0,
        le=7,
        description="Seconds to go on listening after being told to stop, so that balancers see /readyz say 503.",
    )
    admin_host: str = Field("127.0.0.1", description="Address to tell metrics on.")
    admin_port: int = Field(
        9180,
        ge=0,
        le=65535,
        description="Port to tell metrics on, at `/metrics`; the same as RATEDIP_PORT: there; 0: nowhere. The default "
        "one may be taken: then they are told nowhere, and a warning says so.",
    )
    metrics: bool = Field(default=True, description="Count what is answered and how long it takes.")
    log: Literal["on", "sampled", "off"] = Field(
        "on", description="Keep the latest decisions for the service `log`: all, some, or none."
    )
    log_one_in: int = Field(100, ge=1, le=10**6, description="`sampled` keeps one of so many.")
    log_room: int = Field(
        8_192, ge=64, le=10**6, description="Decisions kept for each serving process, 256 bytes each."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info",
        description="Least weight of what is said on standard error; `debug` has every request to slow services.",
    )
    hot_door: bool = Field(
        default=True, description="Answer look-ups before ASGI; off: everything goes through Starlette."
    )

    @property
    def store_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data.resolve() / 'ratedip.db'}"

    @property
    def shares(self) -> int:
        """
        Processes that an account's plan is shared out over.
        """
        return max(self.fleet_workers, self.workers)

    @property
    def logged_one_in(self) -> int:
        """
        Of so many decisions one is kept; 0: none is.
        """
        return {"on": 1, "sampled": self.log_one_in, "off": 0}[self.log]

    @property
    def run(self) -> Path:
        """
        Folder in which the serving processes of this node tell each other how they are.
        """
        return self.data / "run"

    @property
    def cards(self) -> Path:
        """
        Folder of the compiled cards.
        """
        return self.data / "cards"

    @property
    def checkpoints(self) -> Path:
        """
        Folder of what is known of numbers.
        """
        return self.data / "asrplus"
