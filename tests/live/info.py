"""What --info says of this machine, against what can be seen by other means."""

import json
import os
import subprocess

from _sonde import SONDE, check, expect, main, run


def findings():
    finished = run("--info", "-f", "json")
    expect(finished.returncode == 0 and finished.stderr == "", finished.stderr)
    return json.loads(finished.stdout)


@check
def text_and_json_say_the_same():
    text = run("--info").stdout
    for group, rows in findings().items():
        expect(f"\n{group}\n" in "\n" + text, f"no {group}")
        for name, finding in rows.items():
            if isinstance(finding, str):
                expect(f"  {name}: {finding}\n" in text, f"{group}: {name}")
                continue
            word = {True: "yes", False: "no", None: "unknown"}[finding["available"]]
            expect(f"  {name}: {word}" in text, f"{group}: {name}: not {word}")
            for part in ("reason", "remedy"):
                expect(finding.get(part, "") in text, f"{group}: {name}: {finding}")


@check
def agrees_with_the_machine():
    found = findings()
    expect(found["Kernel"]["release"] == os.uname().release, found["Kernel"])
    paranoid = open("/proc/sys/kernel/perf_event_paranoid").read().strip()
    expect(found["Settings"]["kernel.perf_event_paranoid"].startswith(paranoid + ":"), found["Settings"])
    has_kprobes = os.path.exists("/sys/bus/event_source/devices/kprobe")
    kprobe = found["Probe types"]["kprobe, kretprobe"]
    expect(kprobe["available"] == has_kprobes and (has_kprobes or "CONFIG_KPROBES" in kprobe["reason"]), kprobe)
    expect(found["Files"]["BTF of the kernel"]["available"] == os.path.exists("/sys/kernel/btf/vmlinux"), found["Files"])
    for name in ("tracepoint", "rawtracepoint", "profile, interval, software"):
        expect(found["Probe types"][name]["available"], name)
    for name in ("hash", "percpu_array", "ringbuf"):
        expect(found["Map types"][name]["available"], name)
    expect(found["Helpers"]["loop"]["available"], found["Helpers"])


@check
def an_ordinary_user_learns_what_is_missing():
    finished = subprocess.run(["setpriv", "--reuid", "65534", "--clear-groups", "--bounding-set", "-all", "--inh-caps",
                               "-all", SONDE, "--info", "-f", "json"], capture_output=True, text=True)
    expect(finished.returncode == 0 and finished.stderr == "", finished.stderr)
    found = json.loads(finished.stdout)
    expect(not found["Privileges"]["CAP_BPF"]["available"], found["Privileges"])
    expect("remedy" in found["Privileges"]["CAP_BPF"], found["Privileges"])
    expect(found["Map types"]["hash"]["available"] is not True, found["Map types"])
    expect(not found["Files"]["tracefs"]["available"] and "CAP_DAC_READ_SEARCH" in str(found["Files"]["tracefs"]),
           found["Files"]["tracefs"])


main()
