"""
The one place that reads the environment.
"""

from pathlib import Path

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
    trusted_proxies: str = Field("", description="Networks (CIDR, commas between) whose X-Forwarded-For is believed.")
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
