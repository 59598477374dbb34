"""A coroutine for each client, on asyncio's loop: 06-libuv's counterpart."""
import asyncio
import signal
import sys


async def serve(reader, writer):
    try:
        while data := await reader.read(16384):  # b"" is the client's end of stream
            writer.write(data.upper())  # does not wait: what the kernel does not take is kept
            await writer.drain()  # back-pressure: goes on when only little of it is left
    except OSError:
        pass  # this client is gone, and only its own task has noticed
    finally:
        writer.close()  # when all that was kept is sent


async def main():
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    port = int(sys.argv[1])
    await asyncio.start_server(serve, "127.0.0.1", port)
    print(f"listening on 127.0.0.1:{port}", flush=True)
    await stopped.wait()


asyncio.run(main())  # cancels the tasks that are left
