#!/usr/bin/python3
"""Runs a Jupyter kernel and its clients on a library: ipykernel and jupyter_client with Debian's pyzmq.

    jupyter.py                     this library in target/release
    jupyter.py --library FOLDER    this library, or libzmq.so.5, in another folder
    jupyter.py --system            the libzmq of Debian

It needs Debian's packages python3-ipykernel, python3-jupyter-client and python3-zmq. For TCP and IPC it starts a kernel,
executes code, interrupts and restarts the kernel, and shuts it down. The exit status is 1 if a step fails.
"""
import argparse
import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from run import TARGET, prepare

# Seconds for one answer of a kernel, and for everything.
ANSWER, LIMIT = 60, 300


def library_of(pid) -> str:
    """The file of libzmq that a process has loaded."""
    files = {line.split()[-1] for line in Path(f"/proc/{pid}/maps").read_text().splitlines() if "libzmq" in line}
    assert len(files) == 1, f"process {pid} has loaded {files or 'no libzmq'}"
    return files.pop()


def check(name: str, found, expected) -> None:
    assert found == expected, f"{name}: {found!r} instead of {expected!r}"
    print(f"  {name}: passed", flush=True)


def execute(client, code: str, **options) -> tuple[dict, str]:
    """Executes code. Returns the reply, and what the code has printed."""
    output = []

    def collect(message: dict) -> None:
        if message["msg_type"] == "stream":
            output.append(message["content"]["text"])

    reply = client.execute_interactive(code, timeout=ANSWER, output_hook=collect, **options)
    return reply["content"], "".join(output)


def value(client, expression: str) -> str:
    """The value of an expression in the kernel."""
    reply, _ = execute(client, "", user_expressions={"value": expression})
    return reply["user_expressions"]["value"]["data"]["text/plain"]


def start(transport: str, folder: Path):
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name="python3", transport=transport)
    if transport == "ipc":
        manager.ip = str(folder / "kernel")
    manager.start_kernel()
    return manager


def restart(manager, library: str, client) -> None:
    """Interrupts the kernel while it works, and restarts it."""
    sleep = client.execute("import time; print('begins'); time.sleep(60)")
    while client.get_iopub_msg(timeout=ANSWER)["msg_type"] != "stream":
        pass
    manager.interrupt_kernel()
    while True:
        reply = client.get_shell_msg(timeout=ANSWER)
        if reply["parent_header"].get("msg_id") == sleep:
            break
    check("an interrupt ends the code", reply["content"].get("ename"), "KeyboardInterrupt")
    execute(client, "number = 5")
    manager.restart_kernel(now=False)
    client.wait_for_ready(timeout=ANSWER)
    check("the restarted kernel has its library", library_of(manager.provisioner.process.pid), library)
    check("the restarted kernel has no variables", execute(client, "number")[0].get("ename"), "NameError")


async def by_asyncio(manager) -> None:
    """A second client, which uses the sockets of pyzmq for asyncio."""
    from jupyter_client.asynchronous import AsyncKernelClient

    client = AsyncKernelClient()
    client.load_connection_info(manager.get_connection_info())
    client.start_channels()
    await client.wait_for_ready(timeout=ANSWER)
    requests = [client.execute("", user_expressions={"value": f"{n} * {n}"}) for n in range(20)]
    answers = {}
    while len(answers) < len(requests):
        reply = await client.get_shell_msg(timeout=ANSWER)
        expressions = reply["content"].get("user_expressions")
        if expressions:
            answers[reply["parent_header"]["msg_id"]] = expressions["value"]["data"]["text/plain"]
    client.stop_channels()
    check("a client in asyncio gets 20 answers", [answers[r] for r in requests], [str(n * n) for n in range(20)])


def exchange(transport: str, library: str, folder: Path) -> None:
    """Everything on one transport."""
    print(f"{transport}:", flush=True)
    manager = start(transport, folder)
    client = manager.client()
    try:
        client.start_channels()
        client.wait_for_ready(timeout=ANSWER)
        check("the kernel has its library", library_of(manager.provisioner.process.pid), library)
        check("code has a result", value(client, "6 * 7"), "42")
        check("code prints a line", execute(client, "print('hello')")[1], "hello\n")
        check("code prints 1,000 lines", execute(client, "for n in range(1000): print(n)")[1], "".join(f"{n}\n" for n in range(1000)))
        check("code returns 10 MB", len(value(client, "'x' * 10_000_000")), 10_000_002)
        check("an error is reported", execute(client, "1 / 0")[0].get("ename"), "ZeroDivisionError")
        answered = execute(client, "print(input())", allow_stdin=True, stdin_hook=lambda _: client.input("typed"))[1]
        check("code reads input", answered, "typed\n")
        check("names are completed", "print" in client.complete("pri", reply=True, timeout=ANSWER)["content"]["matches"], True)
        check("the kernel answers heartbeats", client.hb_channel.is_beating(), True)
        asyncio.run(by_asyncio(manager))
        restart(manager, library, client)
        check("the restarted kernel has a result", value(client, "6 * 7"), "42")
        process = manager.provisioner.process
        client.stop_channels()
        manager.shutdown_kernel(now=False)
        check("the kernel ends by itself", process.wait(timeout=ANSWER), 0)
    finally:
        client.stop_channels()
        if manager.has_kernel:
            manager.shutdown_kernel(now=True)


def client_process() -> None:
    """The exchange, in a process that was started with the library."""
    try:
        import ipykernel
        import jupyter_client
        import zmq
    except ImportError as error:
        sys.exit(f"{error}: install Debian's python3-ipykernel, python3-jupyter-client and python3-zmq")
    # A kernel gets the path of its parent, and must not find the files of this folder.
    sys.path.remove(str(Path(__file__).parent))
    context = zmq.Context()
    library = library_of("self")
    print(f"ipykernel {ipykernel.__version__}, jupyter_client {jupyter_client.__version__}, pyzmq {zmq.__version__}")
    context.term()
    with tempfile.TemporaryDirectory() as folder:
        for transport in ("tcp", "ipc"):
            exchange(transport, library, Path(folder))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, default=TARGET / "release")
    parser.add_argument("--system", action="store_true")
    parser.add_argument("--client", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.client:
        client_process()
        return 0
    with tempfile.TemporaryDirectory() as folder:
        # Without the messages of the debugger of Python, which ipykernel loads.
        environment = {**os.environ, "HOME": folder, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
        if not arguments.system:
            prepare(arguments.library, Path(folder))
            environment["LD_LIBRARY_PATH"] = folder
        process = subprocess.Popen(["/usr/bin/python3", Path(__file__).resolve(), "--client"], env=environment, start_new_session=True)
        try:
            status = process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            status = f"ran longer than {LIMIT} s"
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
    name = "the libzmq of Debian" if arguments.system else "this library"
    print(f"Jupyter with {name}:", "passed" if status == 0 else f"failed ({status})")
    return 0 if status == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
