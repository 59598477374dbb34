/*
 * page_record - the record, and what was the case at one moment of it.
 *
 * Times are microseconds on the one axis that all models share.
 */
"use strict";

const page_record = (() => {
    /* ---- From lists of numbers (page_data.h says what they mean) to things with names ---- */

    const span_of = (data) => ([from, to, state, step]) => ({ from, to, state: data.states[state], step });

    const mark_of = (data) => ([at, kind, step, status, bytes, error, waited]) => ({
        at, kind: data.kinds[kind], step, status: data.statuses[status], bytes, error: error_of(data, error), waited,
    });

    const call_of = (data, lanes) => ([from, to, call, fd, times, error, client]) => ({
        from, to, call: data.calls[call], fd, times, error: error_of(data, error), client: lanes[client]?.name ?? "",
    });

    function error_of(data, error) {
        if (error === 0)
            return "";
        return data.errors[error] ?? `error ${error}`;
    }

    function lane_of(data, lane) {
        return {
            name: data.script.actors[lane.actor],
            spans: lane.spans.map(span_of(data)),
            marks: lane.marks.map(mark_of(data)),
        };
    }

    const thread_of = (data, lanes, thread) => ({ ...thread, spans: thread.spans.map(call_of(data, lanes)) });

    function model_of(data, model, index) {
        const lanes = model.lanes.map((lane) => lane_of(data, lane));
        return {
            ...model,
            index,
            label: /^\d+/.exec(model.name)?.[0] ?? String(index + 1),
            lanes,
            threads: model.threads.map((thread) => thread_of(data, lanes, thread)),
        };
    }

    function script_of(script) {
        return {
            name: script.name,
            title: script.title,
            lines: script.source.replace(/\n$/, "").split("\n"),
            steps: script.steps.map(([line, actor]) => ({ line, actor })),
        };
    }

    function unpack(data) {
        return {
            now: Math.max(data.now, 1), /* an axis has a length */
            traced: data.traced,
            script: script_of(data.script),
            models: data.models.map((model, index) => model_of(data, model, index)),
        };
    }

    /* ---- At a moment ---- */

    /* The last of `list`, which is sorted by `key`, that is not after `time`; undefined if there is none. */
    function last_until(list, key, time) {
        let low = 0;
        let high = list.length;
        while (low < high) {
            const middle = (low + high) >> 1;
            if (list[middle][key] <= time)
                low = middle + 1;
            else
                high = middle;
        }
        return list[low - 1];
    }

    /* A span ends where the next one begins, so its end is not part of it, except at the very end. */
    function span_at(spans, time) {
        const span = last_until(spans, "from", time);
        if (span === undefined || span.to < time)
            return undefined;
        return span.to > time || span === spans[spans.length - 1] ? span : undefined;
    }

    const ENDS = new Set(["stalled", "failed", "closed", "reset", "left"]);

    /* What a client is doing: one of the lane's states; if none, how it ended, or "over": with the others' end. */
    function lane_at(lane, time) {
        const span = span_at(lane.spans, time);
        const mark = last_until(lane.marks, "at", time);
        const is_cut = mark !== undefined && ENDS.has(mark.kind) && mark.at === time && span?.to === time;
        if (span !== undefined && span.state !== "absent" && !is_cut)
            return { state: span.state, since: span.from, span, mark };
        if (mark === undefined)
            return { state: "absent", since: 0, span, mark };
        return { state: ENDS.has(mark.kind) ? mark.kind : "over", since: mark.at, span, mark };
    }

    const is_held_up = (now) => now.state === "waiting" || now.state === "connecting";

    /* Where in the script a client stands, as a line from 1, or 0: nowhere yet. */
    function line_at(script, now) {
        const held = now.span !== undefined && now.span.step >= 0;
        const step = held ? now.span.step : now.mark?.step ?? -1;
        return script.steps[step]?.line ?? 0;
    }

    return { unpack, last_until, span_at, lane_at, line_at, is_held_up };
})();
