"""Maps as a page for Prometheus."""

import os
import re
import socket
import urllib.error
import urllib.request

from _sonde import Running, check, expect, main, run

SCRIPT = """
tracepoint:syscalls:sys_enter_getppid /comm == "getppid_loop"/ {
  @calls = count(); @by[comm, pid == cpid] = count(); @sizes = hist(@n % 4); @n++; @named[(who=comm, up=true)] = sum(-1);
  @s = stats(3); @quote["a\\"b"] = 7; @text = comm; @stacks[kstack] = count(); @full[@n] = 1;
}
"""
SAMPLE = re.compile(r'(\w+)(\{(?:\w+="(?:[^"\\\n]|\\.)*",?)*\})? (-?\d+)')


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def page(port, path="/metrics"):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        expect(answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"), answer.headers)
        return answer.read().decode()


def samples(text):
    """By name and labels; refuses what is no sample."""
    found = {}
    for line in text.splitlines():
        if line.startswith("#"):
            expect(re.match(r"# (HELP|TYPE) \w+ .+", line), line)
            continue
        match = SAMPLE.fullmatch(line)
        expect(match, f"no sample: {line}")
        found[match.group(1) + (match.group(2) or "")] = int(match.group(3))
    return found


@check
def numbers_are_those_of_the_maps(folder):
    done = folder / "done"
    port = free_port()
    command = f"sh -c 'getppid_loop 1000; touch {done}; exec sleep 1000'"
    running = Running("--metrics", f"127.0.0.1:{port}", "-e", SCRIPT, "-c", command, env={**os.environ, "SONDE_MAX_MAP_KEYS": "100"})
    while not done.exists():
        pass
    text = page(port)
    running.interrupt()
    status, out, errors = running.end()
    expect(status == 0, errors)
    found = samples(text)
    expected = {
        "sonde_calls": 1000,
        'sonde_by{key1="getppid_loop",key2="false"}': 1000,
        'sonde_sizes_bucket{le="0"}': 250,
        'sonde_sizes_bucket{le="1"}': 500,
        'sonde_sizes_bucket{le="3"}': 1000,
        'sonde_sizes_bucket{le="+Inf"}': 1000,
        "sonde_sizes_count": 1000,
        "sonde_n": 1000,
        'sonde_named{who="getppid_loop",up="true"}': -1000,
        "sonde_s_sum": 3000,
        "sonde_s_count": 1000,
        'sonde_quote{key="a\\"b"}': 7,
        'sonde_text{value="getppid_loop"}': 1,
    }
    for name, value in expected.items():
        expect(found.get(name) == value, f"{name} is {found.get(name)}, not {value}: {text}")
    expect("sonde_stacks" not in text, "a stack is no label")
    lost = [value for name, value in found.items() if "lost_events" in name and 'object="@full"' in name and "map" in name]
    expect(sum(lost) == 900, f"900 updates of a full map are lost: {lost} {text}")
    expect("# TYPE sonde_calls counter" in text and "# TYPE sonde_sizes histogram" in text, text)


@check
def other_pages_and_silent_clients():
    port = free_port()
    running = Running("--metrics", f":{port}", "-e", "interval:s:100 { @ = 1; }")
    with socket.create_connection(("127.0.0.1", port)) as silent:
        silent.shutdown(socket.SHUT_WR)
        expect(silent.recv(10) == b"", "an answer to nothing")
    try:
        page(port, "/other")
        expect(False, "/other is there")
    except urllib.error.HTTPError as error:
        expect(error.code == 404, f"{error}")
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"POST /metrics HTTP/1.1\r\n\r\n")
        expect(client.recv(100).startswith(b"HTTP/1.1 405 "), "POST is taken")
    expect("sonde_map 0" in page(port), "the map is not there")
    running.interrupt()
    expect(running.end()[0] == 0, running.errors)


@check
def addresses_that_will_not_do():
    for address, reason in (("9435", "expected [ADDRESS]:PORT"), (":nonsense", ":nonsense"), ("192.0.2.1:9435", "192.0.2.1")):
        finished = run("--metrics", address, "-e", "begin { exit(); }")
        lines = finished.stderr.splitlines()
        expect(finished.returncode == 1 and len(lines) == 1 and reason in lines[0], finished.stderr)


main()
