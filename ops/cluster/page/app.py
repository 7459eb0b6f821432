"""The application of the national page: its routes behind the same guard, logins and answers as a sector's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from ops.accounts.accounts import Accounts
from ops.accounts.oidc import Provider
from ops.accounts.person import local_person
from ops.cluster.page.centres import Centres
from ops.cluster.page.picture_watch import PictureWatch
from ops.cluster.page.routes import NationRoutes, SectorLogs, nation_rights, served
from ops.cluster.page.stream import LOOK_EVERY_S, NationHub
from ops.drawing.typeface.page_font import BUILT
from ops.services.api.compression import Compression
from ops.services.api.guard import Guard, GuardSettings
from ops.services.api.login.gate import LoginGate
from ops.services.api.login.oidc_routes import OidcRoutes
from ops.services.api.login.problem_pages import ProblemPages
from ops.services.api.login.routes import LocalRoutes, LoginRoutes
from ops.services.api.observability.openapi import describe
from ops.services.api.observability.tags import EntityTags
from ops.services.api.problems import answer_errors
from ops.services.api.static_pages import add_pages

PAGE = "nation.html"


@dataclass(frozen=True, slots=True)
class NationSettings:
    """``name`` and ``title`` of the nation; ``areas``: outlines of its sectors (``ops.cluster.page.areas``); ``pages``:
    folder of the built front end; ``operator``: name of the local person, where there are no accounts."""

    name: str
    title: str
    areas: Mapping[str, Any]
    guard: GuardSettings = field(default_factory=GuardSettings)
    pages: Path = BUILT
    operator: str = "operator"
    look_every_s: float = LOOK_EVERY_S


def create_nation_app(
    watch: PictureWatch,
    settings: NationSettings,
    *,
    now_ns: Callable[[], int],
    centres: Centres | None = None,
    accounts: Accounts | None = None,
    provider: Provider | None = None,
) -> FastAPI:
    """Create the application. ``accounts`` None: everyone is the local person; ``centres`` None: no way into sectors.

    The caller closes ``watch`` and ``centres``.
    """
    hub = NationHub(
        watch, now_ns=now_ns, still_in=(lambda _: True) if accounts is None else accounts.still_in,
        look_every_s=settings.look_every_s,
    )  # fmt: skip
    logs, opens = SectorLogs(watch, now_ns, settings.operator), served(watch.watches)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        task = asyncio.create_task(hub.run())
        yield
        hub.stop()
        await task
        logs.close()

    title = settings.title or settings.name
    app = FastAPI(
        title="Watchline nation", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )
    app.state.hub = hub
    describe(app, nation_rights)
    app.add_middleware(EntityTags)
    app.add_middleware(Compression)
    app.add_middleware(LoginGate, accounts=accounts, local=local_person(settings.operator), sector=opens)
    app.add_middleware(ProblemPages, sector=title)
    app.add_middleware(Guard, settings=settings.guard)
    NationRoutes(
        watch, hub, logs, name=settings.name, title=title, areas=settings.areas, centres=centres, now_ns=now_ns
    ).add_to(app)
    if accounts is None:
        LocalRoutes(settings.name, opens).add_to(app)
    else:
        label = None if provider is None else provider.label
        logins = LoginRoutes(accounts, settings.name, title=title, provider=label, served=opens)
        logins.add_to(app)
        if provider is not None:
            OidcRoutes(accounts, provider, logins).add_to(app)
    add_pages(app, title=title, folder=settings.pages, home=PAGE)
    answer_errors(app)
    return app
