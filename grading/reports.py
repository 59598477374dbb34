"""reports - what a student, a teacher, Gradescope and a CI system get to read of a result."""
import csv
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

UNPRINTABLE = re.compile('[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]')


def plain(text):
    """What a submission has written may hold anything, also what XML forbids and what a terminal obeys."""
    return UNPRINTABLE.sub('?', text)


def show_progress(done, count, name):
    line = f'{done}/{count} graded: {plain(name)}'
    print(f'\r\033[K{line}' if sys.stderr.isatty() else line, end='\n' if done == count or not sys.stderr.isatty() else '',
          file=sys.stderr, flush=True)


def short(number):
    return f'{number:.2f}'.rstrip('0').rstrip('.')


def indented(text):
    return ''.join(f'    {line}\n' for line in plain(text).splitlines())


# --- What is said of a script ---

def passed(result, script):
    if script == 'sanitizers':
        return not result['problem'] and not result['findings']
    return result['scripts'].get(script, {'right': False})['right']


def report(result, script):
    """Why it did not pass."""
    if script == 'sanitizers' and result['findings']:
        return '\n'.join(finding['report'] for finding in result['findings'])
    if script in result['scripts']:
        return result['scripts'][script]['report']
    if result['problem']:
        return f'not played: {result["problem"]}\n{result["output"]}'
    return 'not played: its time was up'


def first_failure(result, groups):
    for group in groups:
        for script in group['scripts']:
            if not passed(result, script):
                return script
    return None


def replay_command(result, script):
    command = result.get('command', '')
    if command.startswith('../build/'):
        return f'make play MODEL=99-mine SCRIPT={script}    # with your server.c, and any client.c, in the folder 99-mine'
    quoted = command.replace("'", "'\\''")
    return f"make play SERVER='{quoted}' SCRIPT={script}"


# --- A student's files ---

def student_page(result, groups, points):
    total = sum(group['points'] for group in groups)
    lines = [f'# {plain(result["name"])}: {short(sum(points))} of {short(total)} points\n\n']
    if result['problem']:
        lines += [f'It {result["problem"]}.\n\n', indented(result['output']), '\n' if result['output'] else '']
    lines += ['| points | of | for | not passed |\n|---:|---:|---|---|\n']
    for group, own in zip(groups, points):
        lost = ', '.join(f'`{script}`' for script in group['scripts'] if not passed(result, script))
        lines += [f'| {short(own)} | {short(group["points"])} | {group["name"]} | {lost} |\n']
    first = first_failure(result, groups)
    if first in result['scripts']:
        lines += [f'\n## The first that does not pass: {first}\n\n', indented(report(result, first)), '\nThe conversation, played once more:\n\n',
                  indented(result['conversation']), '\nTo see it again:\n\n', indented(replay_command(result, first))]
    for finding in result['findings'][:3]:
        lines += [f'\n## Found by a sanitizer in {finding["script"]}\n\n', indented(finding['report'])]
    return ''.join(lines)


def gradescope(result, groups, points):
    """https://gradescope-autograders.readthedocs.io/en/latest/specs/#output-format"""
    tests = []
    for group, own in zip(groups, points):
        lost = [f'{script}\n{report(result, script)}' for script in group['scripts'] if not passed(result, script)]
        tests.append({'name': group['name'], 'score': round(own, 2), 'max_score': group['points'],
                      'status': 'failed' if lost else 'passed', 'output': plain('\n'.join(lost))})
    return {'score': round(sum(points), 2), 'output': plain(result['problem']), 'tests': tests}


def junit(result, groups):
    suites = xml.Element('testsuites', name=plain(result['name']))
    for group in groups:
        lost = [script for script in group['scripts'] if not passed(result, script)]
        suite = xml.SubElement(suites, 'testsuite', name=group['name'], tests=str(len(group['scripts'])), failures=str(len(lost)))
        for script in group['scripts']:
            took = result['scripts'].get(script, {'seconds': 0})['seconds']
            case = xml.SubElement(suite, 'testcase', name=script, classname=group['name'], time=f'{took:.3f}')
            if script in lost:
                words = plain(report(result, script))
                xml.SubElement(case, 'failure', message=words.partition('\n')[0]).text = words
    xml.indent(suites)
    return xml.ElementTree(suites)


def write_student(out, result, groups, points):
    folder = pathlib.Path(out, result['name'])
    pathlib.Path(out, f'{result["name"]}.md').write_text(student_page(result, groups, points))
    (folder / 'results.json').write_text(json.dumps(gradescope(result, groups, points), indent=2))
    junit(result, groups).write(folder / 'junit.xml', encoding='utf-8', xml_declaration=True)


# --- The class ---

def write_csv(out, marked, groups):
    with open(pathlib.Path(out, 'grades.csv'), 'w', newline='') as file:
        rows = csv.writer(file)
        rows.writerow(['name', 'points', *(group['name'] for group in groups), 'problem', 'findings'])
        for result, points in marked:
            rows.writerow([result['name'], short(sum(points)), *map(short, points), result['problem'], len(result['findings'])])


def print_table(marked, groups):
    width = max(len(result['name']) for result, _ in marked)
    print(f'{"":{width}} points ' + ''.join(f'{number:>6}' for number in range(1, len(groups) + 1)))
    for result, points in marked:
        cells = ''.join(f'{short(own):>6}' for own in points)
        remark = result['problem'] or ('see what the sanitizers found' if result['findings'] else '')
        print(f'{plain(result["name"]):{width}} {short(sum(points)):>6} {cells}  {remark}'.rstrip())
    print()
    for number, group in enumerate(groups, 1):
        print(f'{number} = {group["name"]}, of {short(group["points"])}')


def write_all(out, marked, groups):
    for result, points in marked:
        write_student(out, result, groups, points)
    write_csv(out, marked, groups)
    print_table(marked, groups)
    print(f'\n{out}/grades.csv and {out}/NAME.md say more.')
