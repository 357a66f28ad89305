"""Reads sessions from the host's server. See docs/guides/sessions.md."""

import json
import os
import urllib.error
import urllib.parse
import urllib.request


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Keeps the secret from other servers."""

    def redirect_request(self, *_):
        return None


OPENER = urllib.request.build_opener(NoRedirect)


def ask(path):
    headers = {"Authorization": "Bearer " + os.environ["SESSIONS_SECRET"]}
    request = urllib.request.Request(os.environ["SESSIONS_URL"] + path, headers=headers)
    with OPENER.open(request, timeout=5) as answer:
        return json.load(answer)


def sessions_of(user_id, **tenant):
    return ask("/sessions?" + urllib.parse.urlencode({"userId": user_id, **tenant}))["sessions"]


def session_of(handle):
    """The live session, or None."""
    try:
        return ask("/sessions/" + urllib.parse.quote(handle, safe=""))
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


if __name__ == "__main__":
    for session in sessions_of("alice"):
        print(session["handle"], session["tenantId"], session_of(session["handle"])["claims"])
    print(len(sessions_of("alice", tenantId="globex")), session_of("unknown"))
