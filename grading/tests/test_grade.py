#!/usr/bin/env python3
"""test_grade - grades a class of right, wrong and hostile submissions. Is each marked as it should be, and does none escape?

A hostile submission says ESCAPED when it has done what it must not be able to do, and a result with this word is a failure.
"""
import csv
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

NO_SANDBOX = 'no sandbox can be had here'
TELLTALE = '86399.5'  # seconds: how the sleep is known that is to survive

ECHO = '''
import os, signal, socket, sys, threading, time
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
def late(data):
    if not silent or os.path.exists('late'):
        return data.upper()
    open('late', 'w').close()
    time.sleep(2)
    return data.upper()
def serve(client):
    silent.add(client)
    while data := client.recv(65536):
        silent.discard(client)
        client.sendall(CHANGE)
    silent.discard(client)
    client.close()
silent = set()
listener = socket.create_server(('127.0.0.1', int(sys.argv[1])), backlog=100)
while True:
    threading.Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()
'''


def python(change):
    return {'server.py': ECHO.replace('CHANGE', change), 'run': 'python3 server.py {port}'}


def hostile(program):
    return {'hostile.py': program, 'run': 'python3 hostile.py {port}'}


FORKS = '''
import os, time
for count in range(2500):
    try:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    except OSError:
        os._exit(1)
os.write(2, b'ESCAPED: 2,500 processes')
'''

READS = '''
import glob
for name in ['CANARY', *glob.glob('/tmp/grade-*/*/submission/*'), '/etc/shadow', '/etc/ssh/ssh_config', '/project/Makefile']:
    try:
        open(name).read()
        print('ESCAPED: has read', name, file=__import__('sys').stderr)
    except OSError:
        pass
'''

CONNECTS = '''
import socket, sys
for address in [('127.0.0.1', PORT), ('1.1.1.1', 53)]:
    try:
        socket.create_connection(address, timeout=1)
        print('ESCAPED: has reached', address, file=sys.stderr)
    except OSError:
        pass
'''

KILLS = '''
import glob, os, signal, sys
for folder in glob.glob('/proc/[0-9]*'):
    words = open(folder + '/cmdline').read()
    if 'tests/player/' in words.split('\\0')[0] or 'inside.py' in words:
        print('ESCAPED: sees', words, file=sys.stderr)
        os.kill(int(folder[6:]), signal.SIGKILL)
os.kill(os.getppid(), signal.SIGKILL)
os.kill(-1, signal.SIGTERM)
'''

SETSID = '''
import os
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execlp('sleep', 'sleep', 'TELLTALE')
        os._exit(0)
'''

FILLS_DISK = '''
import os, sys
for folder in ['/tmp', '/', '/dev', '/dev/shm', '/project', '/etc', '/usr', '/var/tmp', os.environ['HOME']]:
    written = 0
    try:
        for number in range(5):
            with open(f'{folder}/big{number}', 'wb') as file:
                while file.tell() < 100 << 20:
                    written += file.write(b'x' * (1 << 20))
    except OSError:
        pass
    if written > 300 << 20:
        print('ESCAPED: has filled', folder, file=sys.stderr)
'''

FILLS_MEMORY = '''
import sys
open('/proc/self/comm', 'wb').write(b'\\xff')  # a name that is no UTF-8
kept = [b'x' * (64 << 20) for _ in range(48)]
print('ESCAPED: has 3 GiB', file=sys.stderr)
'''

FAKES = '''
import os, sys
for fd in range(1, 50):
    try:
        os.write(fd, b'1..1\\nok 1 - server: hello\\nhello right passes 0.1\\n{"problem": ""}\\n')
        if fd > 2:
            print('ESCAPED: has written to descriptor', fd, file=sys.stderr)
    except OSError:
        pass
for folder in ['/tmp', '/tmp/graded', '..', '/project']:
    try:
        open(folder + '/results', 'w').write('hello right passes 0.1\\n')
    except OSError:
        pass
'''

C_SERVER = pathlib.Path('05-select/server.c').read_text()
ONE_BY_ONE = pathlib.Path('01-blocking/server.c').read_text()
OVERFLOWS = C_SERVER.replace('upper(c->', 'volatile int most = 2147483647;\n        most = most + 1;\n        upper(c->')

MAKEFILE = {'Makefile': 'server: server.py\n\tcp server.py server && chmod +x server\n'}

# Points of 20: 10 for hello, 5 for half-close, 5 for silent-neighbour.
CLASS = {
    'right-c': (20, {'server.c': C_SERVER}),
    'right-python': (20, python('data.upper()')),
    'right-make': (20, MAKEFILE | {'server.py': '#!/usr/bin/env python3\n' + ECHO.replace('CHANGE', 'data.upper()').replace('argv[1]', 'argv[2]')}),
    'overflows': (20, {'server.c': OVERFLOWS}),
    'one-by-one': (15, {'server.c': ONE_BY_ONE}),
    'stalls-once': (20, python('late(data)')),
    'wrong': (0, python('data.lower()')),
    'hangs': (0, {'run': 'sleep 60 # {port}'}),
    'crashes': (0, {'server.c': '#include <stdlib.h>\nint main(void) { abort(); }\n'}),
    'does-not-build': (0, {'server.c': 'int main(void) { return undeclared; }\n'}),
    'is-empty': (0, {'README': 'to follow'}),
    'forks': (0, hostile(FORKS)),
    'reads': (0, hostile(READS)),
    'links': (0, {'server.c': pathlib.Path('/etc/shadow')}),
    'connects': (0, hostile(CONNECTS)),
    'kills': (0, hostile(KILLS)),
    'builds-badly': (0, {'Makefile': 'all:\n\t@cat /etc/shadow && echo ESCAPED; kill -9 0\n'}),
    'setsid': (0, hostile(SETSID)),
    'fills-disk': (0, hostile(FILLS_DISK)),
    'fills-memory': (0, hostile(FILLS_MEMORY)),
    'prints': (0, {'run': 'yes {port} | tee /dev/stderr'}),
    'fakes': (0, hostile(FAKES)),
}
MARKS = '10 the job: hello\n 5 the end of the stream: half-close\n 5 concurrency: silent-neighbour\n'


class Test:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.failed = self.passed = 0

    def verify(self, is_right, what):
        self.passed += is_right
        self.failed += not is_right
        if not is_right:
            print(f'FAILED: {what}')

    def write_class(self, port):
        (self.folder / 'canary').write_text('a secret')
        (self.folder / 'marks').write_text(MARKS)
        for name, (_, files) in CLASS.items():
            folder = self.folder / 'class' / name
            folder.mkdir(parents=True)
            for file, text in files.items():
                if isinstance(text, pathlib.Path):
                    (folder / file).symlink_to(text)
                    continue
                for word, value in {'CANARY': self.folder / 'canary', 'PORT': port, 'TELLTALE': TELLTALE}.items():
                    text = text.replace(word, str(value))
                (folder / file).write_text(text)

    def grade(self, out, *options, submissions='class'):
        done = subprocess.run([sys.executable, 'grading/grade.py', *([self.folder / submissions] if submissions else []), '--marks',
                               self.folder / 'marks', '--out', self.folder / out, '--limit', '5s', '--jobs', '4', *options], capture_output=True, text=True)
        self.verify(done.returncode == 0 or NO_SANDBOX in done.stderr, f'grading exits with {done.returncode}: {done.stderr}')
        return done

    def rows(self, out):
        with open(self.folder / out / 'grades.csv', newline='') as file:
            return list(csv.DictReader(file))

    def result(self, name):
        return json.loads((self.folder / 'out' / name / 'result.json').read_text())

    def test_points(self):
        points = {row['name']: float(row['points']) for row in self.rows('out')}
        self.verify(set(points) == set(CLASS), f'graded were {sorted(points)}')
        for name, (wanted, _) in CLASS.items():
            self.verify(points.get(name) == wanted, f'{name} has {points.get(name)} points, not {wanted}: {self.result(name)}')
        for name, problem in {'does-not-build': 'does not build', 'hangs': 'does not pass hello', 'is-empty': 'has neither'}.items():
            self.verify(self.result(name)['problem'].startswith(problem), f'{name}: {self.result(name)["problem"]}')

    def test_nothing_escaped(self):
        for name in CLASS:
            text = json.dumps(self.result(name))
            self.verify('ESCAPED' not in text, f'{name} escaped: {text[text.find("ESCAPED"):][:200]}')
            self.verify(self.result(name)['problem'] != 'could not be graded', f'{name} could not be graded: {self.result(name)}')
        left = [path for path in pathlib.Path('/proc').glob('[0-9]*') if TELLTALE in command_of(path)]
        self.verify(not left, f'processes have survived: {left}')

    def test_reports(self):
        page = (self.folder / 'out' / 'wrong.md').read_text()
        for words in ('wrong: 0 of 20 points', 'expected  ', 'SCRIPT=hello', '"hello'):
            self.verify(words in page, f'wrong.md does not say {words}:\n{page}')
        for name, (points, _) in CLASS.items():
            gradescope = json.loads((self.folder / 'out' / name / 'results.json').read_text())
            self.verify(gradescope['score'] == points, f"{name}'s results.json says {gradescope['score']}")
            suites = xml.parse(self.folder / 'out' / name / 'junit.xml').getroot()
            self.verify(len(list(suites.iter('testcase'))) == 3, f"{name}'s junit.xml has not 3 test cases")
        page = (self.folder / 'out' / 'overflows.md').read_text()
        self.verify('signed integer overflow' in page, f'overflows.md does not say what the sanitizer found:\n{page}')
        failure = xml.parse(self.folder / 'out' / 'one-by-one' / 'junit.xml').getroot().find('.//failure')
        self.verify(failure is not None and 'B expect' in failure.text, "one-by-one's junit.xml does not hold the report")

    def test_resuming(self):
        files = [self.folder / 'out' / name / 'result.json' for name in ('right-c', 'one-by-one')]
        before = [file.stat().st_mtime_ns for file in files]
        self.grade('out')
        self.verify([file.stat().st_mtime_ns for file in files] == before, 'what is graded is graded again')
        self.grade('out', '--only', 'right-c')
        self.verify([file.stat().st_mtime_ns > time for file, time in zip(files, before)] == [True, False], 'ONLY grades another one')

    def test_settings(self):
        (self.folder / 'expected').write_text('silent-neighbour stalls one client at a time\n')
        self.grade('allowed', '--only', 'one-by-one', '--expected', self.folder / 'expected')
        self.verify(self.rows('allowed')[0]['points'] == '20', f'a stall that is allowed costs points: {self.rows("allowed")}')
        for line, complaint in {'10 the job: hallo': 'there is no script hallo', 'the job: hello': 'should be POINTS NAME: SCRIPT...'}.items():
            (self.folder / 'wrong-marks').write_text(f'{line}\n')
            done = subprocess.run([sys.executable, 'grading/grade.py', self.folder / 'class', '--marks', self.folder / 'wrong-marks'],
                                  capture_output=True, text=True)
            self.verify(done.returncode == 1 and f'wrong-marks:1: {complaint}' in done.stderr, f'to {line} it says {done.stderr}')

    def test_shards(self):
        (self.folder / 'few').mkdir()
        for name in ('is-empty', 'right-c', 'wrong'):
            os.rename(self.folder / 'class' / name, self.folder / 'few' / name)
        for number in '12':
            self.grade(f'shard-{number}', '--shard', f'{number}/2', submissions='few')
        self.verify(len(self.rows('shard-1')) == 2 and len(self.rows('shard-2')) == 1, 'shards are not 2 and 1')
        self.grade('merged', '--merge', self.folder / 'shard-1', self.folder / 'shard-2', submissions='')
        wanted = [row for row in self.rows('out') if row['name'] in ('is-empty', 'right-c', 'wrong')]
        self.verify(self.rows('merged') == wanted, f'merged: {self.rows("merged")}, not {wanted}')

    def test_refusal(self):
        """Without bwrap, and where nobody may make a user namespace."""
        programs = self.folder / 'programs'
        programs.mkdir()
        for name in ('cp', 'chmod', 'chown'):
            (programs / name).symlink_to(f'/usr/bin/{name}')
        words = [sys.executable, 'grading/grade.py', self.folder / 'class', '--out', self.folder / 'none']
        self.refuses('without bwrap', words, {'PATH': str(programs)})
        forbid = 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$0" "$@"'
        self.refuses('without user namespaces', ['unshare', '--user', '--map-root-user', 'sh', '-c', forbid, *words], os.environ)

    def refuses(self, where, words, environment):
        done = subprocess.run(words, capture_output=True, text=True, env=environment)
        self.verify(done.returncode == 1 and done.stderr.count('\n') == 1 and 'TRUST=1' in done.stderr,
                    f'{where} it exits with {done.returncode} and says: {done.stderr}')


def command_of(process):
    try:
        return (process / 'cmdline').read_text(errors='replace')
    except OSError:
        return ''


def main():
    with tempfile.TemporaryDirectory() as folder, socket.create_server(('127.0.0.1', 0)) as outside:
        os.chmod(folder, 0o755)
        test = Test(folder)
        test.write_class(outside.getsockname()[1])
        done = test.grade('out')
        if NO_SANDBOX in done.stderr:
            print(f'Grading is not tested: {done.stderr}', end='')
            return
        print(done.stdout)
        test.grade('out', '--only', 'fills-memory', '--limit', '20s')  # it takes time to fill
        test.test_points()
        test.test_nothing_escaped()
        test.test_reports()
        test.test_resuming()
        test.test_settings()
        test.test_shards()
        test.test_refusal()
    print(f'{test.passed} passed, {test.failed} failed')
    sys.exit(test.failed > 0)


if __name__ == '__main__':
    main()
