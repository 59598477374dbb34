/* page_words - times, amounts and what happened, in words. */
"use strict";

const page_words = (() => {
    const grouped = (number) => number.toLocaleString("en-US");

    /* A length of time given in microseconds: "40 µs", "12.3 ms", "412 ms", "1.40 s". */
    function duration(time) {
        if (time < 1000)
            return `${time} µs`;
        if (time < 99950)
            return `${(time / 1000).toFixed(1)} ms`;
        if (time < 999500)
            return `${Math.round(time / 1000)} ms`;
        return `${(time / 1e6).toFixed(2)} s`;
    }

    /* The same for what changes on the screen all the time: always in seconds. */
    const running = (time) => `${(time / 1e6).toFixed(1)} s`;

    /* A moment on the axis. */
    const moment = (time) => `${(time / 1e6).toFixed(3)} s`;

    const bytes = (count) => (count === 1 ? "1 byte" : `${grouped(count)} bytes`);

    const STATES = {
        "absent": "not here yet",
        "connecting": "connecting",
        "silent": "silent",
        "waiting": "waits",
        "not reading": "reads nothing",
        "ended": "done",
        "stalled": "stalled",
        "failed": "failed",
        "closed": "closed",
        "reset": "reset",
        "left": "left",
        "over": "over",
    };

    const LASTING = new Set(["connecting", "waiting"]);

    /* What a client is doing at `time`: "waits 1.4 s". */
    function lane_now(now, time) {
        const words = STATES[now.state] ?? now.state;
        return LASTING.has(now.state) ? `${words} ${running(time - now.since)}` : words;
    }

    /* A call with what it is about, and whose that is: "recv fd 5 (B)". */
    function call(span) {
        const whose = span.client === "" ? "" : ` (${span.client})`;
        return span.fd >= 0 ? `${span.call} fd ${span.fd}${whose}` : span.call;
    }

    const called = (span) => (span.times > 1 ? `${call(span)} ×${grouped(span.times)}` : call(span));

    /* What a server's thread is doing at `time`, in few words: for whom, if that is known, rather than on which descriptor. */
    function thread_now(span, time) {
        if (span === undefined)
            return "";
        const what = span.client === "" ? call(span) : `${span.call} (${span.client})`;
        return span.times > 1 ? `${what} ×${grouped(span.times)}` : `${what} ${running(time - span.from)}`;
    }

    const KINDS = {
        connected: "is connected",
        sent: "sends",
        received: "receives",
        answered: "has its answer",
        stalled: "stalls: its time is up",
        failed: "fails",
        closed: "sees the server's orderly end",
        reset: "has lost the connection",
        left: "leaves",
    };

    const SPANS = {
        "connecting": "is connecting",
        "silent": "is connected, and waits for nothing",
        "waiting": "waits for the server",
        "not reading": "reads nothing",
        "ended": "is done, still connected",
    };

    function status(mark) {
        if (mark.status === "SUCCESS" && mark.bytes > 0)
            return `SUCCESS, ${bytes(mark.bytes)}`;
        return mark.error === "" ? mark.status : `${mark.status}, ${mark.error}`;
    }

    function step_facts(script, step) {
        const line = script.steps[step]?.line;
        return line === undefined ? [] : [[`Line ${line}`, script.lines[line - 1].trim(), "code"]];
    }

    /* A mark as a heading and a list of facts: [name, text, perhaps "code"]. */
    function mark(script, model, lane, item) {
        const facts = [...step_facts(script, item.step), ["Status", status(item)]];
        if (item.waited > 0)
            facts.push(["Waited", duration(item.waited)]);
        facts.push(["When", moment(item.at)]);
        return { heading: `${lane.name} ${KINDS[item.kind] ?? item.kind}`, where: model.name, facts };
    }

    const stretch = (item) => `${moment(item.from)} to ${moment(item.to)}`;

    function span(script, model, lane, item) {
        const facts = [...step_facts(script, item.step), ["For", duration(item.to - item.from)], ["When", stretch(item)]];
        return { heading: `${lane.name} ${SPANS[item.state] ?? item.state}`, where: model.name, facts };
    }

    /* How often each call occurs in `spans`: "recv ×312, poll ×156". */
    function tally(spans) {
        const counts = new Map();
        for (const item of spans)
            counts.set(item.call, (counts.get(item.call) ?? 0) + item.times);
        return [...counts].map(([name, times]) => (times > 1 ? `${name} ×${grouped(times)}` : name)).join(", ");
    }

    /* Which calls occur in `spans`: "recv, poll". */
    const names = (spans) => [...new Set(spans.map((item) => item.call))].join(", ");

    /* One or several calls of a server's thread that are drawn as one. */
    function calls(model, thread, spans) {
        const first = spans[0];
        const all = { from: first.from, to: spans[spans.length - 1].to };
        const facts = [["For", duration(all.to - all.from)], ["When", stretch(all)]];
        if (spans.length > 1)
            facts.unshift(["Calls", tally(spans)]);
        else if (first.error !== "")
            facts.unshift([first.times > 1 ? "The last one" : "It ended in", first.error]);
        const heading = spans.length > 1 ? "many short calls" : called(first);
        return { heading: `${thread.name}: ${heading}`, where: model.name, facts };
    }

    /* A client of a crowd at a moment. */
    function crowd(script, model, lane, now, time) {
        const line = page_record.line_at(script, now);
        const facts = line > 0 ? [[`Line ${line}`, script.lines[line - 1].trim(), "code"]] : [];
        facts.push(["When", moment(time)]);
        return { heading: `${lane.name}: ${lane_now(now, time)}`, where: model.name, facts };
    }

    /* All of it as one sentence, for those who hear the page. */
    const aloud = (words) =>
        `${words.heading}, ${words.where}. ${words.facts.map(([name, text]) => `${name}: ${text}`).join(". ")}.`;

    return { grouped, duration, running, STATES, lane_now, thread_now, called, tally, names, mark, span, calls, crowd, aloud };
})();
