/*
 * page_lanes - draws the lanes: a section for each model, in it a row for each client and for each thread of its server.
 *
 * What is drawn remembers what it stands for (`meaning_of`), so that one listener for all can say what is under the pointer.
 * Text that comes from the record is only ever set as text.
 */
"use strict";

const page_lanes = (() => {
    const SVG = "http://www.w3.org/2000/svg";
    const ROW = 20;
    const EDGE = 10; /* left and right of the axis, so that a mark at its very end is whole */
    const MANY = 12; /* more clients than that are a crowd, and drawn in little */
    const CROWD_HEIGHT = 150;
    const CROWD_ROW = 5;
    const SPINS = "spins"; /* instead of a call: see CALL_SPINS in record.h */
    const SHORT = 20000; /* microseconds that a call lasts */
    const LETTER = 6.4;  /* pixels that one is wide, about */

    const meanings = new WeakMap();

    /* ---- Elements ---- */

    function element(name, attributes = {}, ...children) {
        const made = document.createElement(name);
        for (const [key, value] of Object.entries(attributes))
            made.setAttribute(key, value);
        made.append(...children);
        return made;
    }

    function shape(name, attributes = {}, ...children) {
        const made = document.createElementNS(SVG, name);
        for (const [key, value] of Object.entries(attributes))
            made.setAttribute(key, value);
        made.append(...children);
        return made;
    }

    const css_name = (words) => words.replaceAll(" ", "-");

    /* ---- The axis ---- */

    /* The part of the axis that is shown, `width` pixels wide. */
    function make_view(from, to, width) {
        const scale = Math.max(width - 2 * EDGE, 1) / (to - from);
        return {
            from, to, width, scale,
            x: (time) => EDGE + (time - from) * scale,
            time: (x) => from + (x - EDGE) / scale,
            shows: (item) => (item.to ?? item.at) >= from && (item.from ?? item.at) <= to,
        };
    }

    /* The distance of two ticks: the least of 1, 2 and 5 times a power of ten that leaves room for their labels. */
    function tick_distance(view) {
        const least = 60 / view.scale;
        const power = 10 ** Math.floor(Math.log10(least));
        return power * [1, 2, 5, 10].find((factor) => factor * power >= least);
    }

    function tick_label(time, distance) {
        const [unit, digits] = distance < 1e5 ? ["ms", 3] : ["s", 6];
        const decimals = Math.max(0, digits - Math.floor(Math.log10(distance) + 1e-9));
        return `${(time / 10 ** digits).toFixed(decimals)} ${unit}`;
    }

    function ticks(view) {
        const distance = tick_distance(view);
        const found = [];
        for (let n = Math.ceil(view.from / distance); n * distance <= view.to; n++)
            found.push({ time: n * distance, label: tick_label(n * distance, distance) });
        return found;
    }

    function draw_axis(svg, view) {
        const height = 26;
        svg.setAttribute("width", view.width);
        svg.setAttribute("height", height);
        svg.replaceChildren(shape("line", { class: "rule", x1: view.x(view.from), x2: view.x(view.to), y1: height - 1, y2: height - 1 }));
        for (const tick of ticks(view)) {
            const x = view.x(tick.time);
            svg.append(shape("line", { "class": "tick", "x1": x, "x2": x, "y1": height - 6, "y2": height, "data-label": tick.label }));
            if (x < view.width - 24) /* there is room for a label */
                svg.append(draw_tick_label(x, height - 10, tick.label));
        }
        svg.append(shape("path", { class: "head", d: "M-5,-9 h10 l-5,8 z" }));
    }

    function draw_tick_label(x, y, words) {
        const is_first = x < 24;
        const label = shape("text", { "x": is_first ? 0 : x, y, "text-anchor": is_first ? "start" : "middle" });
        label.textContent = words;
        return label;
    }

    function grid(view, height) {
        const lines = ticks(view).map((tick) => {
            const x = view.x(tick.time);
            return shape("line", { class: "grid", x1: x, x2: x, y1: 0, y2: height });
        });
        return shape("g", { "aria-hidden": "true" }, ...lines);
    }

    /* ---- Clients ---- */

    const HEIGHTS = { "connecting": 6, "silent": 2, "waiting": 14, "not reading": 8, "ended": 2 };

    function draw_span(context, lane, span) {
        const { view, model } = context;
        const height = HEIGHTS[span.state] ?? 2;
        const rect = shape("rect", {
            class: `span span-${css_name(span.state)}`,
            x: view.x(span.from),
            y: (ROW - height) / 2,
            width: (span.to - span.from) * view.scale,
            height,
        });
        meanings.set(rect, { words: () => page_words.span(context.script, model, lane, span), line: line_of(context, span) });
        return rect;
    }

    const line_of = (context, item) => context.script.steps[item.step]?.line ?? 0;

    /* How long it was waited, written into the bar where there is room. */
    function draw_wait(context, span) {
        const words = page_words.duration(span.to - span.from);
        const width = (span.to - span.from) * context.view.scale;
        if (span.state !== "waiting" || width < words.length * 6.5 + 26)
            return [];
        const x = context.view.x(span.from) + width / 2;
        const half = words.length * 3.4 + 4;
        const label = shape("text", { "class": "wait-label", x, "y": ROW / 2 + 4, "text-anchor": "middle" });
        label.textContent = words;
        return [shape("rect", { "class": "wait-ground", "x": x - half, "y": (ROW - 14) / 2, "width": 2 * half, "height": 14 }), label];
    }

    function draw_mark(context, lane, mark) {
        const words = page_words.mark(context.script, context.model, lane, mark);
        const made = shape("g", {
            "class": `mark mark-${mark.kind}`,
            "transform": `translate(${context.view.x(mark.at)},${ROW / 2})`,
            "role": "img",
            "tabindex": "-1",
            "aria-label": page_words.aloud(words),
        }, shape("circle", { class: "reach", r: 10 }), shape("use", { href: `#shape-${mark.kind}` }));
        meanings.set(made, { words: () => words, line: line_of(context, mark), at: mark.at, kind: mark.kind });
        return made;
    }

    /* Marks of the same moment lie on each other: what matters more is drawn later. Brackets are seen around what is on them. */
    const LAYERS = ["connected", "left", "closed", "sent", "received", "answered", "reset", "failed", "stalled"];

    const layer_of = (node) => LAYERS.indexOf(meanings.get(node).kind);

    function draw_lane(context, lane, index) {
        const spans = lane.spans.filter((span) => span.state !== "absent" && context.view.shows(span));
        const marks = lane.marks.filter((mark) => context.view.shows(mark)).map((mark) => draw_mark(context, lane, mark));
        marks[0]?.setAttribute("tabindex", "0"); /* one stop for the tab key; the arrows go on from there */
        marks.sort((a, b) => layer_of(a) - layer_of(b));
        return shape("g", { "class": "lane", "transform": `translate(0,${index * ROW})`, "data-lane": index },
            ...spans.map((span) => draw_span(context, lane, span)),
            ...spans.flatMap((span) => draw_wait(context, span)),
            ...marks);
    }

    /* ---- Servers ---- */

    const FAMILIES = {
        one: ["accept", "accept4", "connect", "recv", "recvfrom", "recvmsg", "read", "readv", "send", "sendto", "sendmsg", "write", "writev"],
        many: ["select", "pselect", "pselect6", "poll", "ppoll", "epoll_wait", "epoll_pwait", "epoll_pwait2", "kevent", "io_uring_enter"],
    };

    /* What kind of waiting a call is: on one socket, on many, or something else. poll() can be both: one has a number. */
    function family(span) {
        if (span.call === SPINS)
            return "folded";
        if (span.fd >= 0 && FAMILIES.many.includes(span.call))
            return "one";
        return Object.keys(FAMILIES).find((name) => FAMILIES[name].includes(span.call)) ?? "other";
    }

    /*
     * Calls too short to be seen one by one, with gaps too small to be seen, are drawn as one block. Which ones depends on
     * how large the time is drawn; nothing is left out, and the block's facts count all of them.
     */
    function blocks(spans, scale) {
        const found = [];
        for (const [index, span] of spans.entries()) {
            const last = found[found.length - 1];
            const is_short = (span.to - span.from) * scale < 1.5;
            if (last?.is_short && is_short && (span.from - last.to) * scale < 1)
                Object.assign(last, { to: span.to, count: last.count + 1 });
            else
                found.push({ first: index, count: 1, from: span.from, to: span.to, is_short });
        }
        return found;
    }

    /* Is it a block of calls that are short each? */
    function is_folded(block, spans) {
        return spans[0].call === SPINS || block.count > 1 || (spans[0].times > 1 && (spans[0].to - spans[0].from) / spans[0].times < SHORT);
    }

    function call_label(span, width) {
        const duration = page_words.duration(span.to - span.from);
        const choices = [`${page_words.called(span)} · ${duration}`, page_words.called(span), span.call];
        return choices.find((words) => words.length * LETTER + 8 <= width) ?? "";
    }

    function draw_block(context, thread, block) {
        const spans = thread.spans.slice(block.first, block.first + block.count);
        const width = (block.to - block.from) * context.view.scale;
        const rect = shape("rect", {
            "class": `call call-${is_folded(block, spans) ? "folded" : family(spans[0])}`,
            "x": context.view.x(block.from),
            "y": 2,
            width,
            "height": ROW - 4,
            "data-first": block.first,
            "data-count": block.count,
        });
        meanings.set(rect, { words: () => page_words.calls(context.model, thread, spans), line: 0 });
        return rect;
    }

    /* A label, on a ground of its own where what is behind it is striped. */
    function draw_label(x, words, is_striped) {
        const label = shape("text", { class: `call-label ${is_striped ? "on-folded" : ""}`, x: x + 5, y: ROW / 2 + 4 });
        label.textContent = words;
        const ground = shape("rect", { class: "call-ground", x: x + 2, y: 4, width: words.length * LETTER + 6, height: ROW - 8 });
        return is_striped ? [ground, label] : [label];
    }

    /*
     * What a label is written for: a block with room for its own, or a run of blocks, close to each other, that have none.
     * Such a run is told by what was called in it, and how often.
     */
    function label_runs(context, thread, shown) {
        const runs = [];
        for (const block of shown) {
            const spans = thread.spans.slice(block.first, block.first + block.count);
            const words = block.count === 1 ? call_label(spans[0], (block.to - block.from) * context.view.scale) : "";
            const last = runs[runs.length - 1];
            if (words === "" && last?.words === "" && (block.from - last.to) * context.view.scale < 4)
                Object.assign(last, { to: block.to, spans: last.spans.concat(spans), is_striped: true });
            else
                runs.push({ words, from: block.from, to: block.to, spans, is_striped: is_folded(block, spans) });
        }
        return runs;
    }

    function draw_run_label(context, run) {
        const from = Math.max(run.from, context.view.from);
        const width = (Math.min(run.to, context.view.to) - from) * context.view.scale;
        const whole = run.spans.length === 1 ? page_words.called(run.spans[0]) : page_words.tally(run.spans);
        const choices = [run.words, whole, page_words.names(run.spans)].filter((words) => words !== "");
        const words = choices.find((some) => some.length * LETTER + 8 <= width);
        return words === undefined ? [] : draw_label(context.view.x(from), words, run.is_striped);
    }

    function draw_thread(context, thread, index) {
        const shown = blocks(thread.spans, context.view.scale).filter((block) => context.view.shows(block));
        return shape("g", { "class": "thread", "transform": `translate(0,${index * ROW})`, "data-thread": index },
            ...shown.map((block) => draw_block(context, thread, block)),
            ...label_runs(context, thread, shown).flatMap((run) => draw_run_label(context, run)));
    }

    /* ---- Crowds ---- */

    const crowd_row = (lanes) => Math.min(CROWD_ROW, CROWD_HEIGHT / lanes.length);
    const crowd_height = (lanes) => Math.ceil(crowd_row(lanes) * lanes.length);

    /* So many rectangles are one path for each state, or the browser would have thousands of elements to keep. */
    function crowd_spans(context, state) {
        const { view, model } = context;
        const row = crowd_row(model.lanes);
        const height = row * (state === "waiting" ? 0.9 : 0.2);
        const pieces = [];
        for (const [index, lane] of model.lanes.entries())
            for (const span of lane.spans.filter((item) => item.state === state && view.shows(item)))
                pieces.push(`M${view.x(span.from)},${(index + 0.5) * row - height / 2}h${(span.to - span.from) * view.scale}v${height}H${view.x(span.from)}z`);
        return shape("path", { class: `span span-${css_name(state)} in-crowd`, d: pieces.join("") });
    }

    function crowd_marks(context, kind) {
        const row = crowd_row(context.model.lanes);
        const pieces = [];
        for (const [index, lane] of context.model.lanes.entries())
            for (const mark of lane.marks.filter((item) => item.kind === kind && context.view.shows(item)))
                pieces.push(`M${context.view.x(mark.at) - 1.5},${index * row}h3v${row}h-3z`);
        return shape("path", { class: `tick-${kind}`, d: pieces.join("") });
    }

    function draw_crowd(context) {
        const ground = shape("rect", { class: "crowd-ground", x: 0, y: 0, width: context.view.width, height: crowd_height(context.model.lanes) });
        return shape("g", { class: "crowd" }, ground,
            ...Object.keys(HEIGHTS).map((state) => crowd_spans(context, state)),
            ...["answered", "closed", "reset", "stalled", "failed"].map((kind) => crowd_marks(context, kind)));
    }

    /* ---- A model ---- */

    /* The names at the left and the present states at the right, both row by row as the picture between them. */
    function row_list(part, kind, labels) {
        return element("ul", { class: kind }, ...labels.map((label, index) => {
            const item = element("li", label.is_server ? { class: "server" } : {});
            item.textContent = part === "name" ? label.text : "";
            item.dataset[label.is_server ? "thread" : "lane"] = label.index ?? index;
            return item;
        }));
    }

    function labels_of(section) {
        const { model, is_collapsed } = section;
        const lanes = is_collapsed ? [{ text: `${model.lanes[0].name}…${model.lanes.at(-1).name}`, index: "all" }] : model.lanes.map((lane, index) => ({ text: lane.name, index }));
        return [...lanes, ...model.threads.map((thread, index) => ({ text: thread.name, index, is_server: true }))];
    }

    function make_rows(section) {
        const labels = labels_of(section);
        section.names = row_list("name", "names", labels);
        section.nows = row_list("now", "nows", labels);
        section.now_items = [...section.nows.children];
        section.svg = shape("svg", { "role": "group", "aria-label": `Lanes of ${section.model.name}` });
        section.row.style.setProperty("--crowd", `${section.is_collapsed ? crowd_height(section.model.lanes) : ROW}px`);
        section.row.classList.toggle("is-crowd", section.is_collapsed);
        section.row.replaceChildren(section.names, section.svg, section.nows);
    }

    function set_collapsed(section, is_collapsed) {
        section.is_collapsed = is_collapsed;
        section.toggle.textContent = is_collapsed ? `Show all ${section.model.lanes.length}` : "Show in little";
        section.toggle.setAttribute("aria-expanded", String(!is_collapsed));
        make_rows(section);
    }

    const idea_of = (model) => (model.idea === "" ? "" : `How it waits: ${model.idea}`);

    function make_heading(section) {
        const { model } = section;
        const name = element("h2", {}, model.name);
        section.idea = element("p", { class: "idea" }, idea_of(model));
        section.verdict = element("p", { class: "verdict" }, model.verdict ?? "");
        section.chip = element("span", { class: "chip" });
        section.toggle = element("button", { type: "button", class: "quiet" });
        section.toggle.hidden = model.lanes.length <= MANY;
        return element("div", { class: "heading" }, name, element("div", { class: "story" }, section.idea, section.verdict), section.toggle, section.chip);
    }

    /* A model that never came to a conversation. */
    const is_blank = (model) => [...model.lanes, ...model.threads].every((lane) => lane.spans.length === 0);

    function make_section(model) {
        const section = { model, row: element("div", { class: "row" }) };
        section.node = element("section", { class: "model", "aria-label": model.name }, make_heading(section));
        if (model.problem !== "" && model.state !== "stalls") /* a stall is no problem, and the picture shows it */
            section.node.append(element("p", { class: "problem" }, model.problem));
        section.node.append(section.row);
        section.row.hidden = is_blank(model);
        set_collapsed(section, model.lanes.length > MANY);
        return section;
    }

    function draw_section(section, script, view) {
        const { model, svg } = section;
        const context = { model, script, view };
        const top = section.is_collapsed ? crowd_height(model.lanes) : model.lanes.length * ROW;
        const height = top + model.threads.length * ROW;
        section.veil = shape("rect", { class: "veil", y: 0, height });
        section.head = shape("line", { class: "head", y1: 0, y2: height });
        svg.setAttribute("width", view.width);
        svg.setAttribute("height", height);
        svg.replaceChildren(grid(view, height),
            ...(section.is_collapsed ? [draw_crowd(context)] : model.lanes.map((lane, index) => draw_lane(context, lane, index))),
            shape("g", { transform: `translate(0,${top})` }, ...model.threads.map((thread, index) => draw_thread(context, thread, index))),
            section.veil, section.head);
    }

    /* Draws the present moment over the lanes: a line, and a veil over what is still to come. */
    function draw_moment(section, view, time) {
        const x = Math.min(Math.max(view.x(time), 0), view.width);
        section.head.setAttribute("x1", x);
        section.head.setAttribute("x2", x);
        section.veil.setAttribute("x", x);
        section.veil.setAttribute("width", time >= view.to ? 0 : view.width - x); /* a mark at the very end is seen whole */
    }

    /* What is under the pointer in a crowd: the client whose line it is, at that moment. */
    function in_crowd(section, script, view, x, y) {
        const lane = section.model.lanes[Math.floor(y / crowd_row(section.model.lanes))];
        const time = Math.round(view.time(x));
        if (!section.is_collapsed || lane === undefined || time < view.from || time > view.to)
            return undefined;
        const now = page_record.lane_at(lane, time);
        return { words: () => page_words.crowd(script, section.model, lane, now, time), line: page_record.line_at(script, now) };
    }

    const meaning_of = (node) => meanings.get(node);

    return { ROW, HEIGHTS, css_name, family, idea_of, element, shape, make_view, make_section, set_collapsed, draw_axis, draw_section, draw_moment, in_crowd, meaning_of };
})();
