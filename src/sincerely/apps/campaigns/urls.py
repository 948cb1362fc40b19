"""Addresses of the campaign pages."""

from django.urls import path

from sincerely.apps.campaigns.views import audience, check, lists, progress, sending, write

app_name = "campaigns"
PREFIX = "mail/campaigns/"
ONE = f"{PREFIX}<int:campaign_id>/"
urlpatterns = [
    path(PREFIX, lists.campaign_list, name="list"),
    path(f"{PREFIX}calendar/", lists.campaign_calendar, name="calendar"),
    path(f"{PREFIX}new/", lists.new_campaign, name="new"),
    path(f"{PREFIX}people-like/", check.people_like, name="people-like"),
    path(ONE, write.show, name="show"),
    path(f"{ONE}duplicate/", lists.duplicate, name="duplicate"),
    path(f"{ONE}archive/", lists.archive, name="archive"),
    path(f"{ONE}write/", write.write, name="write"),
    path(f"{ONE}envelope/", write.envelope, name="envelope"),
    path(f"{ONE}inbox/", write.inbox, name="inbox"),
    path(f"{ONE}links/", write.links, name="links"),
    path(f"{ONE}check/", check.check, name="check"),
    path(f"{ONE}check/exclude/", check.exclude, name="exclude"),
    path(f"{ONE}check/test/", check.send_test, name="test"),
    path(f"{ONE}result/", write.result, name="result"),
    path(f"{ONE}people/", audience.people, name="people"),
    path(f"{ONE}people/count/", audience.count_audience, name="count"),
    path(f"{ONE}people/left-out/", audience.left_out, name="left-out"),
    path(f"{ONE}people/type/", audience.choose_type, name="choose-type"),
    path(f"{ONE}send/", sending.send, name="send"),
    path(f"{ONE}send/progress/", progress.progress, name="progress"),
    path(f"{ONE}release/<int:hold_id>/", sending.release, name="release"),
    path(f"{ONE}cancel/", sending.ask_to_cancel, name="cancel"),
    path(f"{ONE}send/<str:act>/", sending.steer, name="steer"),
    path(f"{ONE}unknown/", sending.ask_to_repeat, name="ask-to-repeat"),
    path(f"{ONE}unknown/<str:choice>/", sending.settle_unknown, name="unknown"),
]
