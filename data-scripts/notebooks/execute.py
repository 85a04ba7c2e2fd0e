"""Execute notebooks on the tslab kernel, one after the other, and stop at the first fault.

    execute.py [--kernel tslab] --out FOLDER NOTEBOOK...

Writes the executed copies to FOLDER (never beside the originals) and prints, for each notebook, how far it is and
how long it took. A fault is a cell that fails, and also what tslab lets pass: see kernel/hooks.cjs.

Over nbclient. Looked at: papermill and nbclient's own command, which take a cell that tslab calls "ok" for good.

Exit status: 0 all ran, 1 a cell failed, 2 wrong arguments or no kernel, 130 interrupted.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

# For a format that no notebook has, jsonschema would build a grammar: 1.6 of the 2.2 s that the imports below took.
sys.modules["rfc3987_syntax"] = None

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbformat import NotebookNode

# Timers and unhandled rejections of the last cell show up only after it has answered: wait this long for them, inside
# the kernel, so that the wait begins when its event loop is free. Then look at the exit code it would end with.
PROBE = """
await new Promise((resolve) => setTimeout(resolve, 250));
if (process.exitCode) throw new Error(`process.exitCode was set to ${process.exitCode}`);
"""
# Node reports a rejection in the tick after the cell has answered.
FAULT_DELAY_S = 0.015
# How often progress is printed where lines can't be overwritten, in seconds.
LOG_EVERY_S = 10.0
# The first cells say little of a run's pace: begin as if so many seconds had gone as they did in the earlier run.
SAME_PACE_S = 5.0
# How late a cell may be for an estimate to stand: in seconds, and as a part of what is left.
LATE_S, LATE = 2.0, 0.1
# Lines of a stack that lie in Node, tslab or the hooks, and the closing brace of tslab's wrapper.
MACHINERY = re.compile(r"^\s+at .*(node:|/tslab/|kernel/hooks\.cjs|node_modules/@tslab/)")
# A socket's path has room for 104 bytes on macOS, its ending zero included, and for 108 on Linux.
MAX_SOCKET_PATH = 104
MAX_SOURCE_LINES = 6
MAX_ERROR_LINES = 14


class Fault(Exception):
    """Something went wrong in a notebook: `cell` counts all cells from 1, as JupyterLab's status bar does."""

    def __init__(self, cell: int, kind: str, text: str):
        super().__init__(text)
        self.cell, self.kind, self.text = cell, kind, text


class Progress:
    """One line that is rewritten on a terminal; a line every LOG_EVERY_S elsewhere."""

    def __init__(self, name: str, cells: int, previous_s: list[float]):
        self.name, self.cells, self.previous_s = name, cells, previous_s
        self.began = self.logged = self.cell_began = time.monotonic()
        self.done_s: list[float] = []
        self.live = sys.stdout.isatty()

    def cell_ended(self) -> float:
        """Count the running cell as done; returns the seconds it took."""
        now = time.monotonic()
        self.done_s.append(now - self.cell_began)
        self.cell_began = now
        return self.done_s[-1]

    def show(self) -> None:
        now = time.monotonic()
        if not self.live and now - self.logged < LOG_EVERY_S:
            return
        self.logged = now
        left = time_left(self.previous_s, self.done_s, now - self.cell_began)
        text = f"  {self.name}: cell {min(len(self.done_s) + 1, self.cells)}/{self.cells}, {now - self.began:.0f} s"
        if left is None:
            text += ", this cell takes longer than last time"
        elif left >= 1:
            text += f", about {left:.0f} s left"
        print(f"\r\x1b[K{text}" if self.live else text, end="" if self.live else "\n", flush=True)

    def end(self, text: str) -> None:
        print(f"\r\x1b[K{text}" if self.live else text, flush=True)

    def seconds(self) -> float:
        return time.monotonic() - self.began


def time_left(previous_s: list[float], done_s: list[float], running_s: float) -> float | None:
    """Seconds until the end, by an earlier run's cells and by how this run's compare with them so far.

    0 where no earlier run tells; None where the running cell has taken so much longer than in the earlier one that it
    tells nothing (other pictures, other weights). Else it falls by a second each second that a cell runs.
    """
    here = len(done_s)
    if here >= len(previous_s):
        return 0
    pace = (sum(done_s) + SAME_PACE_S) / (sum(previous_s[:here]) + SAME_PACE_S)
    rest = pace * sum(previous_s[here:])
    late = running_s - pace * previous_s[here]
    return None if late > max(LATE_S, LATE * rest) else max(rest - running_s, 0)


async def execute(path: Path, out: Path, kernel: str) -> float:
    """Run one notebook and write the executed copy; returns the seconds it took."""
    notebook = nbformat.read(path, as_version=4)
    target = out / path.name
    progress = Progress(path.stem, len(notebook.cells), previous_seconds(target, notebook))
    client = NotebookClient(
        notebook,
        kernel_name=kernel,
        resources={"metadata": {"path": str(path.parent)}},
        timeout=None,
        startup_timeout=120,
        coalesce_streams=True,
        record_timing=False,
    )
    with tempfile.TemporaryDirectory(prefix="resnet-workbook-") as run:
        env = {**os.environ, "RESNET_WORKBOOK_RUN": run}
        Path(run, "cell").write_text("0", encoding="utf-8")
        client.km = client.create_kernel_manager()
        talk_over_files(client, Path(run))
        task = asyncio.ensure_future(run_cells(client, notebook, Path(run), env, progress))
        loop = asyncio.get_running_loop()
        stopped: list[int] = []

        def stop(number: int) -> None:
            stopped.append(number)
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, number)
        try:
            await task
        except Fault as fault:
            progress.end(report(path, notebook, fault))
            raise
        except (asyncio.CancelledError, DeadKernelError) as error:
            if stopped:
                progress.end(f"  {path.stem}: interrupted")
                raise KeyboardInterrupt from None
            cell = int(Path(run, "cell").read_text(encoding="utf-8"))
            fault = Fault(cell, "the kernel died", str(error) + " (out of memory?)")
            progress.end(report(path, notebook, fault))
            raise fault from None
    seconds = progress.seconds()
    notebook.metadata["run"] = {
        "seconds": round(seconds, 1),
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{platform.system()} {platform.machine()}, {len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} CPU cores",
    }
    write(notebook, target)
    progress.end(f"  {path.stem}: {len(notebook.cells)} cells in {seconds:.1f} s")
    return seconds


def talk_over_files(client: NotebookClient, run: Path) -> None:
    """Reach the kernel over sockets in its own folder, where their paths are short enough for the system.

    TCP ports are chosen here and bound by the kernel a second later: another kernel that starts at the same time can
    be given the same ones meanwhile.
    """
    sockets = run / "kernel"
    if len(f"{sockets}-0") < MAX_SOCKET_PATH:
        client.km.transport, client.km.ip = "ipc", str(sockets)


async def run_cells(
    client: NotebookClient, notebook: NotebookNode, run: Path, env: dict[str, str], progress: Progress
) -> None:
    """Execute each cell; raise Fault for the first that fails or leaves a fault behind."""
    client.reset_execution_trackers()
    try:
        await client.async_start_new_kernel(cwd=client.resources["metadata"]["path"], env=env)
        await client.async_start_new_kernel_client()
        info = await client.async_wait_for_reply(client.kc.kernel_info())
        if info is not None and "language_info" in info["content"]:
            notebook.metadata["language_info"] = info["content"]["language_info"]
        ticker = asyncio.ensure_future(tick(progress))
        progress.cell_began = time.monotonic()
        try:
            for index, cell in enumerate(notebook.cells):
                (run / "cell").write_text(str(index + 1), encoding="utf-8")
                progress.show()
                await run_cell(client, cell, index, index + 1, run)
                await asyncio.sleep(FAULT_DELAY_S if cell.cell_type == "code" else 0)
                cell.metadata["seconds"] = round(progress.cell_ended(), 3)
                look_for_faults(run, progress)
            probe = nbformat.v4.new_code_cell(PROBE)
            notebook.cells.append(probe)  # nbclient keeps cells by index
            try:
                await run_cell(client, probe, progress.cells, progress.cells, run)
            finally:
                notebook.cells.pop()
            look_for_faults(run, progress)
        finally:
            ticker.cancel()
    finally:
        await end_kernel(client)


async def run_cell(client: NotebookClient, cell: NotebookNode, index: int, number: int, run: Path) -> None:
    try:
        await client.async_execute_cell(cell, index, execution_count=client.code_cells_executed + 1)
    except CellExecutionError:
        # tslab sends no error output: what it says is on stderr.
        text = "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stderr")
        if not text.strip():
            # Under load the reply can overtake what was printed; the hooks have written it down.
            await asyncio.sleep(0.5)
            text = "\n".join(fault["text"] for fault in read_faults(run))
        raise Fault(number, "the cell failed", text.strip() or "no message") from None


async def tick(progress: Progress) -> None:
    while True:
        await asyncio.sleep(1)
        progress.show()


def read_faults(run: Path) -> list[dict]:
    file = run / "faults.jsonl"
    if not file.exists():
        return []
    # Not splitlines: JSON leaves line ends of other kinds (U+2028, U+0085) as they are.
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]


def look_for_faults(run: Path, progress: Progress) -> None:
    for fault in read_faults(run)[:1]:
        noticed, cell = int((run / "cell").read_text(encoding="utf-8")), max(1, min(fault["cell"], progress.cells))
        kind = fault["kind"] + (f" (noticed in cell {noticed})" if noticed > cell else "")
        raise Fault(cell, kind, fault["text"])


async def end_kernel(client: NotebookClient) -> None:
    """Ask the kernel to end, so that its exit handlers run; kill it when it is too busy to hear that."""
    try:
        if client.kc is not None and await client.km.is_alive():
            client.kc.shutdown()
            for _ in range(20):
                if not await client.km.is_alive():
                    break
                await asyncio.sleep(0.05)
    finally:
        await client._async_cleanup_kernel()


def report(path: Path, notebook: NotebookNode, fault: Fault) -> str:
    cell = notebook.cells[fault.cell - 1]
    source = cut(cell.source.strip().splitlines(), MAX_SOURCE_LINES)
    error = cut([line for line in fault.text.splitlines() if not MACHINERY.search(line)], MAX_ERROR_LINES)
    return "\n".join(
        [
            f"  {path.name}, cell {fault.cell} of {len(notebook.cells)}: {fault.kind}",
            *(f"    | {line}" for line in source),
            *(f"    {line}" for line in error),
        ]
    )


def cut(lines: list[str], most: int) -> list[str]:
    return lines if len(lines) <= most else [*lines[:most], f"... ({len(lines) - most} more lines)"]


def previous_seconds(executed: Path, notebook: NotebookNode) -> list[float]:
    """What each cell took in the last run, if it had the same cells."""
    try:
        cells = nbformat.read(executed, as_version=4).cells
        same = [cell.source for cell in cells] == [cell.source for cell in notebook.cells]
        return [cell.metadata.get("seconds", 0.0) for cell in cells] if same else []
    except Exception:  # no earlier run, or not a readable one: no estimate
        return []


def write(notebook: NotebookNode, target: Path) -> None:
    """Write beside the target, then rename, so that a half-written file is never rendered."""
    part = target.with_suffix(".part")
    part.write_bytes(nbformat.writes(notebook).encode("utf-8", "replace"))  # half a character has no bytes
    os.replace(part, target)


def main() -> int:
    if not sys.flags.utf8_mode:
        # Whatever the locale: names, arguments, files and terminals are UTF-8, for Jupyter's modules too.
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # half a character, in what a cell says
    parser = argparse.ArgumentParser(description="Execute notebooks on the tslab kernel.")
    parser.add_argument("notebooks", nargs="+", type=Path)
    parser.add_argument("--out", required=True, type=Path, help="folder for the executed copies")
    parser.add_argument("--kernel", default="tslab")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for path in arguments.notebooks:
        try:
            asyncio.run(execute(path.resolve(), arguments.out, arguments.kernel))
        except Fault:
            return 1
        except KeyboardInterrupt:
            return 130
        except Exception as error:  # no kernel, unreadable notebook
            print(f"  {path.name}: {type(error).__name__}: {error}", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
