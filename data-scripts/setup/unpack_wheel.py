"""Unpack named members of a wheel: unpack_wheel.py WHEEL TARGET FROM=TO...

FROM is a member, or a folder when it ends in '/'; TO is its path under TARGET. Every FROM must be there. No member may
leave TARGET, and together they may hold 2 GiB at most. Prints `Progress DONE of TOTAL` in bytes.
"""

import shutil
import sys
import zipfile
from pathlib import Path, PurePosixPath

MOST_BYTES = 2 << 30


def main(wheel: str, target: str, *pairs: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        chosen: list[tuple[zipfile.ZipInfo, Path]] = []
        for pair in pairs:
            source, _, to = pair.partition("=")
            folder = source.endswith("/")
            found = [i for i in archive.infolist() if not i.is_dir() and (i.filename.startswith(source) if folder else i.filename == source)]
            if not found:
                sys.exit(f"{wheel} has no {source}")
            for info in found:
                rest = info.filename[len(source) :] if folder else ""
                if PurePosixPath(rest).is_absolute() or ".." in PurePosixPath(rest).parts or "\\" in rest:
                    sys.exit(f"{wheel}: {info.filename} would leave the folder")
                chosen.append((info, Path(target, to, rest) if folder else Path(target, to)))
        total = sum(info.file_size for info, _ in chosen)
        if total > MOST_BYTES:
            sys.exit(f"{wheel}: {total} bytes to unpack, expected at most {MOST_BYTES}")
        done = 0
        for info, path in chosen:
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(info) as source_file, open(path, "wb") as target_file:
                shutil.copyfileobj(source_file, target_file, 1 << 20)  # checks the member's CRC at its end
            done += info.file_size
            print(f"Progress {done} of {total}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
