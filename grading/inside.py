#!/usr/bin/env python3
"""inside - builds one submission, plays the scripts to it, and prints what came of it, as JSON.

grade.py runs this within a sandbox: without a network, with a copy of what it needs, and with nothing that outlives it. What the
submission brings is run in one box more, whose processes can neither see nor signal those out here. So the checker, which
plays the clients, and this program, which reports, cannot be killed, traced or written to by what they judge.

usage: inside.py SETTINGS, in the folder of the project; SETTINGS is JSON, see grade.py
"""
import contextlib
import glob
import json
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import threading
import time

PROCESSES = 2000  # full-set has 1,100 clients, and some servers a thread for each
MEMORY = 2 << 30  # all processes together
DISK = 256 << 20
SHARED_MEMORY = 64 << 20
BUILD_SECONDS = 60
KEPT = 16 << 10  # of an output, which may be endless
FINDING = ('Sanitizer: ', 'runtime error: ')
CHECK = 'build/tests/player/check'
PLAY = 'build/tests/player/play'


def system_folders():
    """bwrap's options for the system's programs and libraries, read-only: in newer systems /bin is a link to /usr/bin."""
    options = ['--ro-bind', '/usr', '/usr', '--ro-bind-try', '/opt', '/opt']
    for folder in ('/bin', '/sbin', '/lib', '/lib32', '/lib64'):
        if os.path.islink(folder):
            options += ['--symlink', os.readlink(folder), folder]
        else:
            options += ['--ro-bind-try', folder, folder]
    return options


def closed():
    """bwrap's options for /proc and /dev, and against writing anywhere but in /tmp: / and /dev are folders in memory, too."""
    return ['--proc', '/proc', '--dev', '/dev', '--size', str(SHARED_MEMORY), '--tmpfs', '/dev/shm',
            '--remount-ro', '/dev', '--remount-ro', '/']


def new_result(problem='', output=''):
    return {'problem': problem, 'output': output, 'scripts': {}, 'conversation': '', 'findings': []}


class Submission:
    def __init__(self, settings):
        self.settings = settings
        self.work = pathlib.Path(settings['work'])
        self.folder = self.work / '99-submission'  # beside common/ and the Makefile it is a model
        self.result = new_result()

    def boxed(self, command, *options):
        """The words that run a shell command of the submission's in its folder, locked in."""
        if not self.settings['sandboxed']:
            return ['env', '-C', str(self.folder), 'sh', '-c', command]
        limits = ['prlimit', f'--nproc={PROCESSES}', f'--fsize={DISK}', '--core=0', '--']
        return ['bwrap', '--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', *options, *system_folders(),
                '--ro-bind', '/etc', '/etc', '--bind', str(self.work), '/tmp', *closed(), '--chdir', '/tmp/99-submission',
                *limits, 'sh', '-c', command]

    def copy(self):
        self.work.mkdir(parents=True)
        for name in ('Makefile', 'common'):
            subprocess.run(['cp', '-R', name, self.work], check=True)
        subprocess.run(['cp', '-RP', self.settings['submission'], self.folder], check=True)
        subprocess.run(['chmod', '-R', 'u+rwX', self.work], check=True)

    def build(self, target):
        """Returns whether make succeeds; if not, its output is the result."""
        status, output = run(self.boxed(f'make --no-print-directory {target}', '--die-with-parent'), BUILD_SECONDS)
        if status != 0:
            self.fail(f'does not build within {BUILD_SECONDS} s' if status is None else 'does not build', output)
        return status == 0

    def fail(self, problem, output=''):
        self.result.update(problem=problem, output=output)

    def build_server(self):
        """Returns the shell command that runs it, or None."""
        def has(name):
            return (self.folder / name).is_file()
        if has('run'):
            command = (self.folder / 'run').read_text(errors='replace').strip()[:KEPT]
            if '{port}' not in command:
                return self.fail('its file `run` does not say {port}, where the number of the port goes')
            return command if not has('Makefile') or self.build('') else None
        if has('server.c'):
            (self.folder / 'client.c').touch()  # what has none is no model to the Makefile
            return '../build/99-submission/server -p {port}' if self.build('-C .. build/99-submission/server') else None
        if has('Makefile'):
            return './server -p {port}' if self.build('') else None
        return self.fail('has neither a server.c nor a Makefile nor a file `run`')

    def build_sanitized(self):
        folder = 'build/sanitize-address-undefined/99-submission'
        is_ours = (self.folder / 'server.c').is_file() and not (self.folder / 'run').is_file()
        if not is_ours or not self.build(f'-C .. SANITIZE=address,undefined {folder}/server'):
            return None
        return f'../{folder}/server -p {{port}}'

    def server(self, command):
        # With `; exit $?` the checker takes 143, which bwrap makes of it, for what it was: killed by SIGTERM.
        return f'{shlex.join(self.boxed(command))}; exit $?'

    def check(self, command, scripts):
        """Plays scripts. Returns how each went; those that the time did not suffice for are missing."""
        path = pathlib.Path(self.settings['results'])  # where the submission cannot write
        path.unlink(missing_ok=True)
        expected = ['--expected', 'expected'] if os.path.exists('expected') else []
        options = [word for name in scripts for word in ('--script', name)]
        words = [CHECK, '--server', self.server(command), '--results', str(path), *expected, *options]
        _, output = run(words, self.settings['limit'])
        if not path.exists():
            raise RuntimeError(output)  # it does not take what it is given, such as EXPECTED
        return read_results(path.read_text(errors='replace'))

    def check_again(self, command):
        """A lone stall may be the machine's: it counts if it happens twice."""
        wrong = [name for name, script in self.result['scripts'].items() if not script['right']]
        if len(wrong) == 1 and self.result['scripts'][wrong[0]]['outcome'] == 'stalls':
            self.result['scripts'].update(self.check(command, wrong))

    def show_first_failure(self, command):
        scripts = self.result['scripts']
        wrong = next((name for name in self.settings['scripts'] if name in scripts and not scripts[name]['right']), None)
        if wrong is None:
            return
        _, output = run([PLAY, '--server', self.server(command), '--script', wrong], self.settings['limit'])
        self.result['conversation'] = output.replace(self.server(command), command)

    def find_with_sanitizers(self):
        command = self.build_sanitized()
        played = self.check(command, self.settings['scripts']) if command is not None else {}
        self.result['findings'] = [{'script': name, 'report': script['report']} for name, script in played.items()
                                   if any(words in script['report'] for words in FINDING)]

    def grade(self):
        self.copy()
        command = self.build_server()
        if command is None:
            return
        self.result['command'] = command
        self.result['scripts'] = self.check(command, ['hello'])
        if not self.result['scripts'].get('hello', {'right': False})['right']:  # without a result, its time was up
            self.fail('does not pass hello, so nothing else was played')
        else:
            others = [name for name in self.settings['scripts'] if name != 'hello']
            self.result['scripts'] |= self.check(command, others) if others else {}
            self.check_again(command)
        self.show_first_failure(command)
        if not self.result['problem']:
            self.find_with_sanitizers()


def run(words, seconds):
    """Returns a command's exit status, None if its time was up, and the beginning of what it wrote."""
    output, end = b'', time.monotonic() + seconds
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          start_new_session=True) as process:  # kill 0 means a whole group, in the box or not
        timers = [threading.Timer(seconds, process.terminate), threading.Timer(seconds + 5, process.kill)]
        for timer in timers:
            timer.start()
        while chunk := process.stdout.read1(KEPT):
            output = (output + chunk)[:KEPT]
        for timer in timers:
            timer.cancel()
    return process.returncode if time.monotonic() < end else None, output.decode(errors='replace')


def read_results(text):
    """check's --results: "SCRIPT right|wrong OUTCOME SECONDS", and the reason, each line after a tab."""
    results = {}
    latest = None
    for line in text.split('\n'):
        if line.startswith('\t'):
            latest['report'] += '' if line.startswith('\t  replay') else line[1:] + '\n'
        elif line:
            name, verdict, outcome, seconds = line.split(' ')
            latest = {'right': verdict == 'right', 'outcome': outcome, 'seconds': float(seconds), 'report': ''}
            results[name] = latest
    return results


def memory_of(process, file, *names):
    """In bytes, from lines such as "RssAnon:     120 kB" in its file in /proc. 0 for what is in no box: it has a single NSpid."""
    try:
        lines = pathlib.Path(process, file).read_text(errors='replace').splitlines()
    except OSError:
        return 0  # it has ended
    if any(line.startswith('NSpid:') and len(line.split()) == 2 for line in lines):
        return 0
    return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(names))


def watch_memory():
    """Kills the largest process in a box when all together have too much."""
    while True:
        time.sleep(0.1)
        sizes = {process: memory_of(process, 'status', 'RssAnon:', 'RssShmem:') for process in glob.glob('/proc/[0-9]*')}
        if sum(sizes.values()) > MEMORY:  # after fork() it counts twice; what takes longer to find out does not
            sizes = {process: memory_of(process, 'smaps_rollup', 'Pss:') for process, size in sizes.items() if size > 0}
        if sum(sizes.values()) > MEMORY:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pathlib.Path(max(sizes, key=sizes.get)).name), signal.SIGKILL)


def main():
    settings = json.loads(sys.argv[1])
    submission = Submission(settings)
    if settings['sandboxed']:
        threading.Thread(target=watch_memory, daemon=True).start()
    submission.grade()
    print(json.dumps(submission.result))


if __name__ == '__main__':
    main()
