"""Who a visitor is, and what they may do; asked by pages, by the API and by the server's door. Knows no screen.

A server has one ``Gate``, at ``hub.gate``. ``gate.who(request)`` says who sent a request or watches a page, and ``may``
whether they are allowed a deed. Both are asked again with each deed, in the handler that does it: a button that is not
shown keeps nobody out, and a role that was taken away a moment ago is gone.

>>> from livepairs.access import Visitor, may
>>> may(Visitor("ann", "operator"), "delete"), may(Visitor("bob", "viewer"), "delete"), may(None, "look")
(True, False, False)
"""

from livepairs.access.gate import Gate, open_gate
from livepairs.access.roles import DEEDS, Deed, Role, Visitor, may, require

__all__ = ["DEEDS", "Deed", "Gate", "Role", "Visitor", "may", "open_gate", "require"]
