"""What sends in the benchmark of deliveries, each in a process of its own.

    python -m tests.benchmarks.engines ENGINE URL CERTIFICATE POSTS CONCURRENCY

prints the seconds and the seconds of CPU that so many posts took, and how many were sent.
"""

from __future__ import annotations

import resource
import select
import socket
import ssl
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from botocore.credentials import ReadOnlyCredentials

from apigw_ws.delivery import Answer, Endpoint, Result, Target, deliver
from apigw_ws.delivery.signing import Signer

PAYLOAD = b'{"text": "%s"}' % (b"x" * 188)
KEYS = ReadOnlyCredentials("AKIATESTTESTTESTTEST", "secret", None)


def connection_ids(posts: int) -> Iterator[str]:
    """Every hundredth is gone."""
    for number in range(posts):
        yield f"L0SM9cOF{number:06d}{'GONE' if number % 100 == 0 else ''}="


def endpoint(url: str, ca_bundle: str) -> Endpoint:
    return Endpoint(
        url=url,
        region="eu-west-1",
        credentials=lambda: KEYS,
        post=lambda connection_id, payload: Answer(0, "NotUsed"),
        ca_bundle=ca_bundle,
    )


def ours(url: str, ca_bundle: str, posts: int, concurrency: int) -> int:
    targets = (Target(connection_id=connection_id) for connection_id in connection_ids(posts))
    outcomes = deliver(targets, PAYLOAD, endpoint=endpoint(url, ca_bundle), concurrency=concurrency)
    return sum(outcome.result is Result.SENT for outcome in outcomes)


def with_boto3(url: str, ca_bundle: str, posts: int, concurrency: int) -> int:
    """As django-aws-api-gateway-websockets sends to a queryset."""
    import boto3
    from botocore.config import Config

    client = boto3.client(
        "apigatewaymanagementapi",
        region_name="eu-west-1",
        endpoint_url=url,
        verify=ca_bundle,
        aws_access_key_id=KEYS.access_key,
        aws_secret_access_key=KEYS.secret_key,
        config=Config(max_pool_connections=concurrency),
    )

    def post(connection_id: str) -> bool:
        try:
            client.post_to_connection(ConnectionId=connection_id, Data=PAYLOAD)
        except client.exceptions.GoneException:
            return False
        return True

    with ThreadPoolExecutor(concurrency) as pool:
        return sum(pool.map(post, connection_ids(posts)))


def bare(url: str, ca_bundle: str, posts: int, concurrency: int) -> int:
    """The least that a loop in Python needs: no result but a count, no retry, no rate, no time-out."""
    where = urlsplit(url)
    address, sign = (str(where.hostname), where.port), Signer(endpoint(url, ca_bundle), PAYLOAD)
    context, waiting, sent = ssl.create_default_context(cafile=ca_bundle), connection_ids(posts), 0
    epoll, sockets, left = select.epoll(), {}, deque(range(posts))

    def post(connection: ssl.SSLSocket) -> None:
        target, headers = sign(next(waiting))
        head = "\r\n".join([f"POST {target[target.index('/prod') :]} HTTP/1.1", *headers])
        rest = f"\r\nHost: {where.netloc}\r\nContent-Length: {len(PAYLOAD)}\r\n\r\n"
        connection.send((head + rest).encode() + PAYLOAD)
        left.pop()

    for _ in range(min(concurrency, posts)):
        connection = context.wrap_socket(socket.create_connection(address), server_hostname=address[0])
        connection.setblocking(False)
        epoll.register(connection, select.EPOLLIN)
        sockets[connection.fileno()] = connection
        post(connection)
    answered = 0
    while answered < posts:
        for fd, _ in epoll.poll():
            try:
                answer = sockets[fd].recv(65536)
            except ssl.SSLWantReadError:  # a session ticket
                continue
            assert answer.endswith(b"\r\n\r\n")
            answered += 1
            sent += answer.startswith(b"HTTP/1.1 200")
            if left:
                post(sockets[fd])
    return sent


ENGINES: dict[str, Callable[[str, str, int, int], int]] = {"ours": ours, "boto3": with_boto3, "bare": bare}


def main(name: str, url: str, ca_bundle: str, posts: str, concurrency: str) -> None:
    before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    sent = ENGINES[name](url, ca_bundle, int(posts), int(concurrency))
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    print(seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, sent)


if __name__ == "__main__":
    main(*sys.argv[1:])
