"""The web process' entry point for granian: follows the clock, gives signs of life."""

import os
import threading

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from sincerely.engines import pulse
from sincerely.engines.web.asking import answers
from sincerely.web.queries.figures import InstallationFigures
from sincerely.wire import clock
from sincerely.wire.metrics import REGISTRY
from sincerely.wire.parent import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sincerely.project.settings")
application = get_wsgi_application()
# Who started us may have ended while we were loading: then our parent is another by now.
die_with_parent(int(os.environ.get("WEB_PROCESS", os.getppid())))
if settings.CLOCK_TURNABLE:
    clock.watch(settings.HOME)
REGISTRY.register(InstallationFigures())
pulse.start("web", threading.Event(), asks=answers)
