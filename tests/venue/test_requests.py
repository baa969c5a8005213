"""Requests: acknowledgements, lists, and the venue's errors as they come over the wire."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livepairs.venue.requests import Subscriptions, answer

NONE = Subscriptions()


def reply(message, now=NONE, **options):
    return json.loads(answer(message, now, streams_limit=1024, **options).reply)


def test_subscribing_and_unsubscribing_are_acknowledged_whatever_the_names():
    first = answer('{"method":"SUBSCRIBE","params":["a@aggTrade","X"],"id":1}', NONE, streams_limit=1024)
    assert first.reply == '{"result":null,"id":1}'
    assert first.subscriptions.names == ("a@aggTrade", "X")
    second = answer('{"method":"UNSUBSCRIBE","params":["X","never"],"id":2}', first.subscriptions, streams_limit=1024)
    assert (second.reply, second.subscriptions.names) == ('{"result":null,"id":2}', ("a@aggTrade",))


def test_list_names_what_was_subscribed_in_any_script():
    now = Subscriptions(("btcusdt@aggTrade", "币安人生usdt@aggTrade"))
    assert answer('{"method":"LIST_SUBSCRIPTIONS","id":3}', now, streams_limit=9).reply == (
        '{"result":["btcusdt@aggTrade","币安人生usdt@aggTrade"],"id":3}'
    )


def test_envelope_can_be_asked_for_and_switched():
    switched = answer('{"method":"SET_PROPERTY","params":["combined",true],"id":5}', NONE, streams_limit=9)
    assert switched.reply == '{"result":null,"id":5}'
    assert reply('{"method":"GET_PROPERTY","params":["combined"],"id":6}', switched.subscriptions) == {
        "result": True,
        "id": 6,
    }


@pytest.mark.parametrize(
    ("message", "code", "text"),
    [
        ('{"method":"SUBSCRIBE","params":[],"id":1}', 2, "Invalid request: streams must have non-zero length"),
        ('{"method":"SUBSCRIBE","params":[""],"id":1}', 2, "Invalid request: streams must have non-zero length"),
        ('{"method":"SUBSCRIBE","params":["a"],"id":-1}', 2, "Invalid request: request ID must be an unsigned integer"),
        ('{"method":"SUBSCRIBE","params":["a"]}', 2, "Invalid request: request ID must be an unsigned integer"),
        ('{"method":"SUBSCRIBE","params":["a"],"id":1,"more":1}', 2, "Invalid request: too many parameters"),
        ('{"method":"SET_PROPERTY","params":["other",true],"id":1}', 0, "Unknown property"),
        ('{"method":"SET_PROPERTY","params":["combined",7],"id":1}', 1, "Invalid value type: expected Boolean"),
        ('{"method":"GET_PROPERTY","params":[7],"id":1}', 2, "Invalid request: property name must be a string"),
    ],
)
def test_errors_have_the_code_and_text_of_the_venue(message, code, text):
    assert reply(message)["error"] == {"code": code, "msg": text}


def test_unknown_method_names_those_there_are():
    error = reply('{"method":"BUY","id":1}')["error"]
    assert error["code"] == 2
    assert error["msg"].startswith("Invalid request: unknown variant BUY, expected one of `SUBSCRIBE`")


def test_missing_method_is_named():
    assert reply('{"params":["a"],"id":4}')["error"]["msg"].startswith("Invalid request: missing field `method`")


def test_broken_json_is_the_one_error_without_an_id_and_ends_the_connection():
    given = answer("not json", NONE, streams_limit=9)
    assert given.reply == '{"error":{"code":3,"msg":"Invalid JSON: expected value at line 1 column 1"}}'
    assert given.close is not None


def test_endless_nesting_is_broken_json_too():
    assert reply("[" * 100_000)["error"]["code"] == 3


def test_one_stream_too_many_loses_them_all():
    names = [f"s{number}@trade" for number in range(1024)]
    full = answer(json.dumps({"method": "SUBSCRIBE", "params": names, "id": 1}), NONE, streams_limit=1024)
    assert (len(full.subscriptions.names), full.close) == (1024, None)
    over = answer('{"method":"SUBSCRIBE","params":["x@trade"],"id":19}', full.subscriptions, streams_limit=1024)
    assert over.reply == '{"error":{"code":4,"msg":"Too many subscriptions"},"id":19}'
    assert over.close == (1008, "Invalid request")


def test_spot_takes_names_and_null_as_ids():
    for number in ('"abc"', "null"):
        assert "result" in reply(f'{{"method":"LIST_SUBSCRIPTIONS","id":{number}}}', is_spot=True)
    assert "error" in reply(f'{{"method":"LIST_SUBSCRIPTIONS","id":"{"x" * 37}"}}', is_spot=True)


@settings(max_examples=40)
@given(
    st.one_of(
        st.binary(max_size=60),
        st.text(max_size=60),
        st.builds(
            json.dumps,
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(
                        st.sampled_from(["method", "params", "id"]), inner | st.sampled_from(["SUBSCRIBE"]), max_size=3
                    )
                ),
                max_leaves=8,
            ),
        ),
    )
)
def test_whatever_is_sent_gets_a_reply(message):
    assert set(reply(message)) & {"result", "error"}
