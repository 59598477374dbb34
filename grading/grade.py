#!/usr/bin/env python3
"""grade - grades a folder of submissions, each in a sandbox. grading/README.md says how.

usage: grade.py SUBMISSIONS [--expected FILE] [--marks FILE] [--jobs N] [--limit SECONDS] [--out DIR] [--only NAME] [--shard I/N]
       grade.py --merge DIR... [--marks FILE] [--out DIR]
"""
import argparse
import concurrent.futures
import fnmatch
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # nothing is left in a source folder

import inside
import reports

NOBODY = 60613  # who grades if root does not want to: an id that nobody has
PROJECT = ('Makefile', 'common', 'tests/scripts', inside.CHECK, inside.PLAY, 'grading/inside.py')
ETC = {'passwd': 'student:x:{0}:{0}::/tmp:/bin/sh\n', 'group': 'student:x:{0}:\n', 'hosts': '127.0.0.1 localhost\n',
       'nsswitch.conf': 'passwd: files\nhosts: files\n'}
ENVIRONMENT = {'PATH': '/usr/local/bin:/usr/bin:/bin', 'LANG': 'C.UTF-8', 'HOME': '/tmp'}
OF_THE_SYSTEM = ('/etc/alternatives', '/etc/ld.so.cache', '/etc/ld.so.conf', '/etc/ld.so.conf.d', '/etc/localtime')


def is_root():
    """Root can act for NOBODY, unless there is nobody else in its user namespace, as in some containers."""
    ids = sum(int(line.split()[2]) for line in pathlib.Path('/proc/self/uid_map').read_text().splitlines())
    return os.getuid() == 0 and ids > NOBODY


def give_up(reason):
    sys.exit(f'grade: {reason}')


# --- Marks ---

def read_marks(path):
    """Lines such as "20 concurrency: silent-neighbour crowd*2 rest-*". Returns a group each: name, points, {script: weight}."""
    known = sorted(file.stem for file in pathlib.Path('tests/scripts/servers').glob('*.script')) + ['sanitizers']
    groups = []
    for number, line in enumerate(pathlib.Path(path).read_text().splitlines(), 1):
        if not line.strip() or line.startswith('#'):
            continue
        head, colon, scripts = line.partition(':')
        points, _, name = head.strip().partition(' ')
        if not colon or not re.fullmatch(r'\d+(\.\d+)?', points) or not name.strip() or not scripts.split():
            give_up(f'{path}:{number}: should be POINTS NAME: SCRIPT..., but is: {line}')
        weights = {}
        for word in scripts.split():
            pattern, weight = re.fullmatch(r'(.*?)(?:\*(\d+))?', word).groups()
            found = fnmatch.filter(known, pattern)
            if not found:
                give_up(f'{path}:{number}: there is no script {pattern}')
            weights |= {script: int(weight or 1) for script in found}
        groups.append({'name': name.strip(), 'points': float(points), 'scripts': weights})
    return groups


def share_passed(result, group):
    return sum(weight for script, weight in group['scripts'].items() if reports.passed(result, script)) / sum(group['scripts'].values())


def mark(result, groups):
    """Returns the points for each group."""
    return [group['points'] * share_passed(result, group) for group in groups]


# --- The sandbox ---

def sandbox(stage, submission):
    """The words that run a command with its own users, processes and network, which all end with it."""
    words = ['choom', '-n', '1000', '--']  # whoever else runs here is not to die of a lack of memory
    if is_root():
        words += ['setpriv', '--reuid', str(NOBODY), '--regid', str(NOBODY), '--clear-groups', '--']
    words += ['bwrap', '--unshare-all', '--die-with-parent', '--new-session', *inside.system_folders()]
    words += ['--ro-bind', f'{stage}/etc', '/etc']
    for path in OF_THE_SYSTEM:
        if os.path.exists(path):
            words += ['--ro-bind', path, path]
    return words + ['--ro-bind', f'{stage}/project', '/project', '--ro-bind', submission, '/submission',
                    '--tmpfs', '/run', '--size', str(inside.DISK), '--tmpfs', '/tmp', *inside.closed(), '--chdir', '/project']


def refusal(stage):
    """Why there can be no sandbox here, or ''. One is tried, with one more in it."""
    inner = ['bwrap', '--unshare-user', '--unshare-pid', *inside.system_folders(), *inside.closed(), 'prlimit', '--', 'python3', '-c', 'pass']
    for program in ('bwrap', 'choom', 'prlimit'):
        if not shutil.which(program):
            return f'{program} is missing (./setup.sh grade)'
    done = subprocess.run([*sandbox(stage, f'{stage}/etc'), *inner], capture_output=True, text=True, env=ENVIRONMENT)
    return done.stderr.strip().splitlines()[-1] if done.returncode != 0 else ''


def copy(source, target):
    """As it is: links are not followed, and owners do not matter."""
    pathlib.Path(target).parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(['cp', '-RP', source, target], check=True)


def give_to_nobody(path):
    subprocess.run(['chmod', '-R', 'u+rwX', path], check=True)
    if is_root():
        subprocess.run(['chown', '-Rh', f'{NOBODY}:{NOBODY}', path], check=True)


def prepare(stage, expected):
    """What all sandboxes share: the part of the project that they need, and an /etc that tells nothing."""
    for path in PROJECT:
        copy(path, f'{stage}/project/{path}')
    if expected:
        copy(expected, f'{stage}/project/expected')
    os.mkdir(f'{stage}/etc')
    user = NOBODY if is_root() else os.getuid()
    for name, text in ETC.items():
        pathlib.Path(stage, 'etc', name).write_text(text.format(user))
    for path in OF_THE_SYSTEM:  # where to bind them
        if os.path.isdir(path):
            os.mkdir(f'{stage}{path}')
        else:
            pathlib.Path(f'{stage}{path}').touch()
    give_to_nobody(stage)


class Grader:
    def __init__(self, options, groups, stage, sandboxed):
        self.options = options
        self.stage = stage
        self.sandboxed = sandboxed
        names = dict.fromkeys(script for group in groups for script in group['scripts'])
        self.scripts = [name for name in names if name != 'sanitizers']
        self.running = set()

    def key(self, folder):
        """Changes with whatever a result depends on, so that only what is new is graded."""
        digest = hashlib.sha256(json.dumps([self.scripts, self.options.limit]).encode())
        for path in sorted(path for path in folder.rglob('*') if path.is_file() or path.is_symlink()):
            digest.update(os.fsencode(path.relative_to(folder)) + b'\0')
            digest.update(os.fsencode(os.readlink(path)) if path.is_symlink() else path.read_bytes())
        digest.update(pathlib.Path(self.options.expected).read_bytes() if self.options.expected else b'')
        return digest.hexdigest()

    def settings(self, own):
        settings = {'sandboxed': self.sandboxed, 'scripts': self.scripts, 'limit': self.options.limit}
        if self.sandboxed:
            return settings | {'submission': '/submission', 'work': '/tmp/work', 'results': '/run/results'}
        return settings | {'submission': f'{own}/submission', 'work': f'{own}/work', 'results': f'{own}/results'}

    def play(self, folder):
        with tempfile.TemporaryDirectory(dir=self.stage) as own:
            copy(folder, f'{own}/submission')
            give_to_nobody(own)
            words = sandbox(self.stage, f'{own}/submission') if self.sandboxed else []
            process = subprocess.Popen([*words, 'python3', 'grading/inside.py', json.dumps(self.settings(own))],
                                       cwd=f'{self.stage}/project', env=ENVIRONMENT,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            self.running.add(process)
            try:
                output, errors = process.communicate(timeout=6 * self.options.limit + 3 * inside.BUILD_SECONDS)
                return json.loads(output)
            except (subprocess.TimeoutExpired, ValueError) as problem:
                process.kill()
                errors = process.communicate()[1].decode(errors='replace')
                return inside.new_result('could not be graded', f'{errors}{problem}') | {'key': ''}
            finally:
                self.running.discard(process)

    def grade(self, folder):
        """Writes the result, unless an earlier run has."""
        path = pathlib.Path(self.options.out, folder.name, 'result.json')
        key = self.key(folder)
        if not self.options.only and path.exists() and json.loads(path.read_text())['key'] == key:
            return
        result = {'key': key, 'name': folder.name} | self.play(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result))

    def grade_all(self, folders):
        with concurrent.futures.ThreadPoolExecutor(self.options.jobs) as pool:
            waiting = {pool.submit(self.grade, folder): folder.name for folder in folders}
            try:
                for done, future in enumerate(concurrent.futures.as_completed(waiting), 1):
                    future.result()
                    reports.show_progress(done, len(folders), waiting[future])
            except BaseException:  # Ctrl-C, too
                pool.shutdown(wait=False, cancel_futures=True)
                for process in list(self.running):
                    process.kill()
                raise


# --- The command line ---

def seconds(text):  # argparse says "invalid seconds value" for what this does not take
    return int(text.removesuffix('s'))


def shard(text):
    number, count = map(int, text.split('/'))
    if not 1 <= number <= count:
        raise ValueError
    return slice(number - 1, None, count)


def read_arguments():
    parser = argparse.ArgumentParser(prog='grade', usage=__doc__.split('usage: ')[1].rstrip(), add_help=False)
    parser.add_argument('submissions', nargs='?')
    parser.add_argument('--expected')
    parser.add_argument('--marks', default='grading/marks')
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--limit', type=seconds, default=60)
    parser.add_argument('--out', default='build/grades')
    parser.add_argument('--only')
    parser.add_argument('--shard', type=shard, default=slice(None))
    parser.add_argument('--merge', nargs='+')
    options = parser.parse_args()
    if bool(options.merge) == bool(options.submissions):
        parser.error('give SUBMISSIONS, or --merge and folders of grades')
    for path in filter(None, (options.expected, options.marks)):
        if not os.path.isfile(path):
            give_up(f'there is no file {path}')
    return options


def find_submissions(options):
    folders = sorted(path for path in pathlib.Path(options.submissions).glob('[!.]*') if path.is_dir() and not path.is_symlink())
    if options.only:
        folders = [folder for folder in folders if folder.name == options.only]
    folders = folders[options.shard]
    if not folders:
        give_up(f'there is no submission{f" {options.only}" if options.only else ""} in {options.submissions}')
    return folders


def grade(options, groups):
    folders = find_submissions(options)
    with tempfile.TemporaryDirectory(prefix='grade-') as stage:
        prepare(stage, options.expected)
        reason = refusal(stage)
        if reason and os.environ.get('TRUST') != '1':
            give_up(f'no sandbox can be had here: {reason}; TRUST=1 grades without one')
        Grader(options, groups, stage, sandboxed=not reason).grade_all(folders)


def main():
    options = read_arguments()
    groups = read_marks(options.marks)
    for folder in options.merge or []:
        shutil.copytree(folder, options.out, dirs_exist_ok=True)
    if not options.merge:
        grade(options, groups)
    results = [json.loads(path.read_text()) for path in sorted(pathlib.Path(options.out).glob('*/result.json'))]
    reports.write_all(options.out, [(result, mark(result, groups)) for result in results], groups)


if __name__ == '__main__':
    try:
        main()
    except KeyboardInterrupt:
        give_up('stopped; what is graded is kept')
