/*
 * page - replays the record: keeps the moment, and brings everything on the page to it.
 *
 * The parts before this one know the record (page_record), words for it (page_words) and how to draw it (page_lanes).
 */
"use strict";

(() => {
    const by_id = (id) => document.getElementById(id);
    const { element, shape } = page_lanes;
    const record = page_record.unpack(JSON.parse(by_id("record").textContent));
    const { script, models } = record;

    const ZOOMS = [1, 2, 4, 8, 16, 32, 64];
    const STEP = Math.min(100000, Math.max(1, Math.round(record.now / 50))); /* 0.1 s, for an arrow key; less if that were much */
    const FLASH = 1 / 40; /* of the whole time: so long a line is marked after something has happened there */
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
    const dark = window.matchMedia("(prefers-color-scheme: dark)");

    const state = { time: record.now, is_playing: false, zoom: 0, frame_at: 0, drawn_at: 0, view: null };
    const sections = models.map((model) => page_lanes.make_section(model));
    let script_items = [];

    /* Only what has changed is touched: this runs at every frame. */
    function set_text(node, text) {
        if (node.textContent !== text)
            node.textContent = text;
    }

    /* ---- The lanes ---- */

    /* The part of the axis that is shown: all of it, or a page of it around the moment. */
    function choose_view() {
        const width = Math.max(Math.floor(by_id("axis").parentElement.clientWidth - side_widths()), 40);
        const length = record.now / ZOOMS[state.zoom];
        const from = Math.min(Math.max(state.time - length / 4, 0), record.now - length);
        state.view = page_lanes.make_view(from, from + length, width);
    }

    function side_widths() {
        const row = by_id("axis-row");
        return row.firstElementChild.offsetWidth + row.lastElementChild.offsetWidth;
    }

    function draw_all() {
        choose_view();
        page_lanes.draw_axis(by_id("axis"), state.view);
        for (const section of sections)
            page_lanes.draw_section(section, script, state.view);
        hide_tip();
        show_moment();
    }

    /* Turns the page when the moment leaves it. */
    function follow() {
        if (state.time < state.view.from || state.time > state.view.to)
            draw_all();
    }

    /* ---- The moment ---- */

    function show_lanes_now(section) {
        for (const item of section.now_items) {
            if (item.dataset.thread !== undefined)
                show_thread_now(section.model.threads[Number(item.dataset.thread)], item);
            else if (item.dataset.lane === "all")
                show_crowd_now(section.model, item);
            else
                show_lane_now(section.model.lanes[Number(item.dataset.lane)], item);
        }
    }

    function show_lane_now(lane, item) {
        const now = page_record.lane_at(lane, state.time);
        if (item.dataset.state !== now.state)
            item.dataset.state = now.state;
        set_text(item, page_words.lane_now(now, state.time));
    }

    function show_thread_now(thread, item) {
        set_text(item, page_words.thread_now(page_record.span_at(thread.spans, state.time), state.time));
    }

    /* Of a crowd: how many do what. The longest of those that wait says how long. */
    function show_crowd_now(model, item) {
        const counts = new Map();
        let longest = 0;
        for (const lane of model.lanes) {
            const now = page_record.lane_at(lane, state.time);
            counts.set(now.state, (counts.get(now.state) ?? 0) + 1);
            if (now.state === "waiting")
                longest = Math.max(longest, state.time - now.since);
        }
        const lines = [...counts].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${count} ${crowd_word(name)}`);
        if (longest > 0)
            lines.push(`longest ${page_words.running(longest)}`);
        set_text(item, lines.join("\n"));
    }

    const crowd_word = (name) => (name === "waiting" ? "wait" : page_words.STATES[name] ?? name);

    /* Until a model's conversation is over, its idea stands beside its name; then, what came of it. */
    function show_story(section) {
        const { model } = section;
        const is_over = state.time >= model.ended;
        const words = is_over || model.lanes.length === 0 ? model.state : state.time < model.began ? "starts" : "plays";
        section.node.classList.toggle("is-over", is_over);
        section.node.classList.toggle("is-judged", is_over && (model.verdict ?? "") !== "");
        set_text(section.chip, words);
        section.chip.dataset.state = words;
    }

    function show_clock() {
        const slider = by_id("slider");
        slider.value = String(Math.round(state.time));
        slider.setAttribute("aria-valuetext", `${page_words.running(state.time)} of ${page_words.running(record.now)}`);
        slider.style.setProperty("--part", `${(100 * state.time) / record.now}%`);
        set_text(by_id("time"), `${(state.time / 1e6).toFixed(2)} s`);
        by_id("axis").lastElementChild.setAttribute("transform", `translate(${state.view.x(state.time)},26)`);
        document.body.classList.toggle("is-at-end", state.time >= record.now);
    }

    function show_moment() {
        show_clock();
        for (const section of sections) {
            page_lanes.draw_moment(section, state.view, state.time);
            show_lanes_now(section);
            show_story(section);
        }
        show_script();
    }

    function set_time(time) {
        state.time = Math.min(Math.max(Math.round(time), 0), record.now);
        follow();
        show_moment();
    }

    /* ---- Playing ---- */

    function set_playing(is_playing) {
        if (is_playing && state.time >= record.now)
            set_time(0);
        state.is_playing = is_playing;
        state.frame_at = 0;
        set_text(by_id("play"), is_playing ? "Pause" : "Play");
        by_id("play").classList.toggle("is-playing", is_playing);
        if (is_playing)
            requestAnimationFrame(frame);
    }

    /* Whoever wants little motion sees four pictures a second instead of sixty. */
    function frame(at) {
        if (!state.is_playing)
            return;
        const passed = state.frame_at === 0 ? 0 : at - state.frame_at;
        if (state.frame_at === 0 || !calm.matches || passed >= 250) {
            state.frame_at = at;
            set_time(state.time + passed * 1000 * Number(by_id("speed").value));
        }
        if (state.time >= record.now)
            set_playing(false);
        else
            requestAnimationFrame(frame);
    }

    /* ---- The script ---- */

    /* One chip for each model: it is filled while a client of it is held up at this line. */
    function make_script_line(line, index) {
        const chips = models.map((model) => element("span", { class: "at", title: model.name }, model.label));
        const code = element("code", line.trim().startsWith("#") ? { class: "comment" } : {});
        code.textContent = line === "" ? " " : line;
        const row = element("li", { "data-line": index + 1 }, code, element("span", { class: "chips" }, ...chips));
        chips.forEach((chip) => chip.setAttribute("hidden", ""));
        return { row, chips };
    }

    const key_of = (line, model) => line * models.length + model;

    /* Where everybody stands: for each line and model "rests", "acts" or "waits", the strongest of its clients. */
    function places() {
        const found = new Map();
        for (const { index, lanes } of models)
            for (const lane of lanes) {
                const now = page_record.lane_at(lane, state.time);
                const key = key_of(page_record.line_at(script, now), index);
                found.set(key, Math.max(found.get(key) ?? 0, strength(now)));
            }
        return found;
    }

    const STRENGTHS = ["", "rests", "acts", "waits"];

    function strength(now) {
        if (page_record.is_held_up(now))
            return 3;
        const is_fresh = now.mark !== undefined && state.time - now.mark.at < FLASH * record.now;
        return is_fresh ? 2 : 1;
    }

    function show_script() {
        const found = places();
        script_items.forEach(({ row, chips }, index) => {
            let strongest = 0;
            chips.forEach((chip, model) => {
                const here = found.get(key_of(index + 1, model)) ?? 0;
                strongest = Math.max(strongest, here);
                show_chip(chip, here);
            });
            if (row.dataset.is !== STRENGTHS[strongest])
                row.dataset.is = STRENGTHS[strongest];
        });
        scroll_script();
    }

    function show_chip(chip, here) {
        if (chip.dataset.is === STRENGTHS[here])
            return;
        chip.dataset.is = STRENGTHS[here];
        chip.toggleAttribute("hidden", here === 0);
    }

    /* A long script scrolls in its box so that the first line at which somebody waits is seen. */
    function scroll_script() {
        const box = by_id("script");
        const row = box.querySelector("[data-is=waits]") ?? box.querySelector("[data-is=acts]");
        if (row === null || state.time >= record.now || box.scrollHeight <= box.clientHeight || box.matches(":hover, :focus"))
            return;
        const top = row.offsetTop - box.offsetTop;
        if (top < box.scrollTop || top + row.offsetHeight > box.scrollTop + box.clientHeight)
            box.scrollTop = top - box.clientHeight / 3;
    }

    function point_at_line(line) {
        script_items.forEach(({ row }, index) => row.classList.toggle("is-pointed", index + 1 === line));
    }

    /* ---- What was that? ---- */

    function fill_tip(words) {
        const facts = words.facts.map(([name, text, kind]) =>
            element("div", {}, element("dt", {}, name), element("dd", {}, kind === "code" ? element("code", {}, text) : text)));
        by_id("tip").replaceChildren(element("p", { class: "tip-heading" }, words.heading), element("p", { class: "small" }, words.where),
            element("dl", {}, ...facts));
    }

    /* Beside what it is about, and inside the window. On a narrow one it is a sheet at the bottom (page.css). */
    function place_tip(x, y) {
        const tip = by_id("tip");
        const box = tip.getBoundingClientRect();
        const left = Math.min(Math.max(x + 14, 8), window.innerWidth - box.width - 8);
        const top = y + 18 + box.height < window.innerHeight ? y + 18 : y - box.height - 14;
        tip.style.setProperty("--left", `${left}px`);
        tip.style.setProperty("--top", `${Math.max(top, 8)}px`);
    }

    function show_tip(meaning, x, y) {
        fill_tip(meaning.words());
        by_id("tip").hidden = false;
        place_tip(x, y);
        point_at_line(meaning.line);
    }

    function hide_tip() {
        if (by_id("tip").hidden)
            return;
        by_id("tip").hidden = true;
        point_at_line(0);
    }

    function is_to_come(x) {
        return by_id("predict").checked && state.view.time(x) > state.time;
    }

    function meaning_under(event) {
        const section = sections.find(({ svg }) => svg.contains(event.target));
        const box = section?.svg.getBoundingClientRect();
        if (section === undefined || is_to_come(event.clientX - box.left))
            return undefined;
        const node = event.target.closest(".mark") ?? event.target;
        return page_lanes.meaning_of(node) ?? page_lanes.in_crowd(section, script, state.view, event.clientX - box.left, event.clientY - box.top);
    }

    function on_point(event) {
        const meaning = meaning_under(event);
        if (meaning === undefined)
            hide_tip();
        else
            show_tip(meaning, event.clientX, event.clientY);
    }

    function on_focus(event) {
        const meaning = page_lanes.meaning_of(event.target);
        if (meaning === undefined || (by_id("predict").checked && meaning.at > state.time))
            return;
        const box = event.target.getBoundingClientRect();
        show_tip(meaning, box.left + box.width / 2, box.top + box.height / 2);
    }

    /* ---- Going through the lanes by hand ---- */

    const is_lanes = (target) => sections.some(({ svg }) => svg.contains(target)) || by_id("axis").contains(target);

    function time_under(event) {
        return state.view.time(event.clientX - by_id("axis").getBoundingClientRect().left);
    }

    /* Pressing where nothing is, and dragging, moves the time; a finger's tap shows what is there. */
    function on_press(event) {
        if (!is_lanes(event.target) || event.button !== 0)
            return;
        if (event.pointerType !== "mouse" || event.target.closest(".mark"))
            return;
        state.is_dragging = true;
        by_id("lanes").setPointerCapture(event.pointerId);
        set_time(time_under(event));
    }

    function on_move(event) {
        if (state.is_dragging)
            set_time(time_under(event));
        else if (event.pointerType === "mouse")
            on_point(event);
    }

    function on_click(event) {
        const mark = event.target.closest(".mark");
        if (mark !== null)
            mark.focus({ preventScroll: true });
        if (event.target.closest("svg") !== null)
            on_point(event);
    }

    /* ---- Keys ---- */

    const by_time = (a, b) => page_lanes.meaning_of(a).at - page_lanes.meaning_of(b).at;

    /* The marks that can be seen, lane by lane, in the order of time. */
    function mark_rows() {
        return [...document.querySelectorAll(".lane")].map((lane) => [...lane.querySelectorAll(".mark")].sort(by_time)).filter((row) => row.length > 0);
    }

    const middle_of = (mark) => mark.getBoundingClientRect().left;

    function nearest(row, mark) {
        const distance = (other) => Math.abs(middle_of(other) - middle_of(mark));
        return row.reduce((best, other) => (distance(other) < distance(best) ? other : best));
    }

    function neighbour(mark, key) {
        const rows = mark_rows();
        const y = rows.findIndex((row) => row.includes(mark));
        const x = rows[y].indexOf(mark);
        switch (key) {
        case "ArrowLeft":
            return rows[y][x - 1];
        case "ArrowRight":
            return rows[y][x + 1];
        case "Home":
            return rows[y][0];
        case "End":
            return rows[y].at(-1);
        case "ArrowUp":
            return y > 0 ? nearest(rows[y - 1], mark) : undefined;
        case "ArrowDown":
            return y + 1 < rows.length ? nearest(rows[y + 1], mark) : undefined;
        default:
            return undefined;
        }
    }

    /* The tab key comes back to the mark that was left: it is its lane's one stop. */
    function focus_mark(mark) {
        mark.closest(".lane").querySelectorAll(".mark").forEach((other) => other.setAttribute("tabindex", other === mark ? "0" : "-1"));
        mark.focus();
    }

    const MARK_KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);

    function on_mark_key(event, mark) {
        if (event.key === "Enter")
            set_time(page_lanes.meaning_of(mark).at);
        else if (MARK_KEYS.has(event.key))
            move_focus(neighbour(mark, event.key));
        else
            return false;
        return true;
    }

    function move_focus(mark) {
        if (mark !== undefined)
            focus_mark(mark);
    }

    const MOVES = {
        ArrowLeft: (event) => set_time(state.time - STEP * (event.shiftKey ? 10 : 1)),
        ArrowRight: (event) => set_time(state.time + STEP * (event.shiftKey ? 10 : 1)),
        Home: () => set_time(0),
        End: () => set_time(record.now),
    };

    const COMMANDS = {
        " ": () => set_playing(!state.is_playing),
        "+": () => set_zoom(state.zoom + 1),
        "=": () => set_zoom(state.zoom + 1), /* the same key, without shift, on many keyboards */
        "-": () => set_zoom(state.zoom - 1),
        "Escape": hide_tip,
    };

    /* A button, a box or a list does with its keys what it always does. */
    function is_taken(event) {
        const takes_space = event.target.closest("button, select, input[type=checkbox]") !== null;
        const takes_arrows = event.target.closest("select, #script") !== null;
        return event.key === " " ? takes_space : takes_arrows && event.key in MOVES;
    }

    function on_key(event) {
        if (event.ctrlKey || event.altKey || event.metaKey || is_taken(event))
            return;
        const mark = event.target.closest(".mark");
        const command = MOVES[event.key] ?? COMMANDS[event.key];
        const is_done = mark !== null && on_mark_key(event, mark);
        if (!is_done && command === undefined)
            return;
        if (!is_done)
            command(event);
        event.preventDefault();
    }

    /* ---- Zoom, colours, sizes ---- */

    function set_zoom(zoom) {
        state.zoom = Math.min(Math.max(zoom, 0), ZOOMS.length - 1);
        set_text(by_id("zoom"), state.zoom === 0 ? "whole" : `${ZOOMS[state.zoom]}×`);
        by_id("zoom-in").disabled = state.zoom === ZOOMS.length - 1;
        by_id("zoom-out").disabled = state.zoom === 0;
        draw_all();
    }

    function set_theme(is_dark) {
        document.documentElement.dataset.theme = is_dark ? "dark" : "light";
        set_text(by_id("theme"), is_dark ? "Light" : "Dark");
        by_id("theme").setAttribute("aria-label", is_dark ? "Light colours" : "Dark colours");
    }

    function watch_sizes() {
        let width = 0;
        const on_resize = () => {
            document.documentElement.style.setProperty("--bar", `${by_id("bar").offsetHeight}px`);
            if (by_id("lanes").clientWidth !== width)
                draw_all();
            width = by_id("lanes").clientWidth;
        };
        new ResizeObserver(on_resize).observe(by_id("lanes"));
        new ResizeObserver(on_resize).observe(by_id("bar"));
    }

    /* ---- What stands still ---- */

    const LEGEND = [
        ["span", "waiting", "waits for server"],
        ["mark", "answered", "has its answer"],
        ["mark", "stalled", "its time is up"],
        ["mark", "failed", "failed"],
        ["mark", "connected", "connected"],
        ["mark", "closed", "server closed"],
        ["mark", "left", "client left"],
        ["mark", "reset", "reset"],
        ["mark", "sent", "sends"],
        ["mark", "received", "bytes came"],
        ["span", "silent", "silent, or done"],
        ["span", "not reading", "reads nothing"],
        ["span", "connecting", "connecting"],
        ["call", "one", "call: one socket"],
        ["call", "many", "call: many sockets"],
        ["call", "other", "call: another"],
        ["call", "folded", "many short calls"],
    ];

    function legend_picture(kind, name) {
        if (kind === "mark")
            return shape("use", { href: `#shape-${name}`, transform: "translate(15,11)" });
        const height = kind === "call" ? page_lanes.ROW - 4 : page_lanes.HEIGHTS[name];
        return shape("rect", { class: `${kind} ${kind}-${page_lanes.css_name(name)}`, x: 1, y: (22 - height) / 2, width: 28, height });
    }

    /* Only what occurs is explained. */
    function make_legend() {
        const lanes = models.flatMap((model) => model.lanes);
        const occurs = {
            mark: new Set(lanes.flatMap((lane) => lane.marks.map((mark) => mark.kind))),
            span: new Set(lanes.flatMap((lane) => lane.spans.map((span) => span.state))),
            call: new Set(models.flatMap((model) => model.threads.flatMap((thread) => thread.spans.map(page_lanes.family)))),
        };
        if (occurs.call.size > 0)
            occurs.call.add("folded"); /* it depends on the zoom */
        const shown = LEGEND.filter(([kind, name]) => occurs[kind].has(name));
        by_id("legend").append(...shown.map(([kind, name, words]) =>
            element("li", {}, shape("svg", { "width": 30, "height": 22, "aria-hidden": "true" }, legend_picture(kind, name)), words)));
    }

    function make_verdicts() {
        by_id("verdicts").append(...models.map((model) =>
            element("li", {}, element("b", {}, model.name), element("span", { "class": "chip", "data-state": model.state }, model.state),
                element("span", { class: "sentence" }, model.verdict ?? "", element("span", { class: "small idea" }, page_lanes.idea_of(model))))));
    }

    /* Of a model in one of these states somebody has not been served; in others it may be that nobody asked, or that it was cut short. */
    const NEVER = ["stalls", "FAILS", "died", "did not start"];

    /* Heading, the number that it is compared by, its words, and those where there is no number. */
    const COLUMNS = [
        ["Everybody served after", (model) => model.served, (value) => page_words.duration(value), (model) => (NEVER.includes(model.state) ? "never" : "–")],
        ["Longest wait", (model) => (model.longestLane < 0 ? null : model.longestWait), (value, model) => `${page_words.duration(value)}${whose(model)}`],
        ["CPU time", (model) => model.costs.cpuSeconds, (value, model) => `${cpu(value)}${share(model)}`],
        ["System calls", (model) => model.costs.systemCalls, (value, model) => `${model.costs.callsAreMore ? "> " : ""}${page_words.grouped(value)}${model.costs.callsAreBatches ? "*" : ""}`],
        ["Threads", (model) => model.costs.threads, (value, model) => threads(value, model)],
        ["Context switches", (model) => model.costs.contextSwitches, (value) => page_words.grouped(value)],
        ["Memory", (model) => model.costs.memoryKib, (value) => `${(value / 1024).toFixed(1)} MiB`],
    ];

    const cpu = (seconds) => (seconds < 1 ? `${(seconds * 1000).toFixed(1)} ms` : `${seconds.toFixed(2)} s`);

    function share(model) {
        const value = model.costs.cpuShare;
        if (value === null)
            return "";
        return value < 0.01 ? " (< 1 % of a core)" : ` (${Math.round(value * 100)} % of a core)`;
    }

    /* "6"; "4 processes" of one thread each, otherwise "9 in 4 processes". */
    function threads(count, model) {
        const processes = model.costs.processes ?? 1;
        if (processes <= 1)
            return page_words.grouped(count);
        const before = count === processes ? "" : `${page_words.grouped(count)} in `;
        return `${before}${page_words.grouped(processes)} processes`;
    }

    function whose(model) {
        const lane = model.lanes[model.longestLane];
        return lane === undefined ? "" : ` (${lane.name})`;
    }

    /* Beneath each number a line as long as it is, compared with the column's largest. */
    function table_cell([heading, value_of, words_of, unknown = () => "–"], model, largest) {
        const value = value_of(model);
        const cell = element("td", { "role": "cell", "data-label": heading });
        cell.textContent = value === null ? unknown(model) : words_of(value, model);
        if (value !== null && largest > 0)
            cell.style.setProperty("--part", `${(100 * value) / largest}%`);
        return cell;
    }

    function make_table() {
        const largest = COLUMNS.map(([, value_of]) => Math.max(0, ...models.map((model) => value_of(model) ?? 0)));
        const head = element("tr", { role: "row" }, ...["Model", ...COLUMNS.map(([heading]) => heading)].map((heading) =>
            element("th", { scope: "col", role: "columnheader" }, heading)));
        const rows = models.map((model) => element("tr", { role: "row" }, element("th", { scope: "row", role: "rowheader" }, model.name),
            ...COLUMNS.map((column, i) => table_cell(column, model, largest[i]))));
        by_id("table").setAttribute("role", "table"); /* it stays one where a phone's style makes it a list of cards */
        by_id("table").append(element("thead", { role: "rowgroup" }, head), element("tbody", { role: "rowgroup" }, ...rows));
    }

    function make_notes() {
        const notes = ["From the beginning of the conversation to the moment before the server was told to stop."];
        if (models.some((model) => model.costs.callsAreMore))
            notes.push("> and more: strace would have slowed so many calls down, so it was detached.");
        if (models.some((model) => model.costs.callsAreBatches))
            notes.push("* one io_uring_enter() hands in many operations: fewer calls are not less work, CPU time tells.");
        if (record.traced)
            notes.push("strace slows each call a little; the switches that it causes are not counted.");
        else
            notes.push("strace was not there, so what the servers did is not shown, and system calls are not counted.");
        by_id("table-note").textContent = notes.join(" ");
    }

    function make_all() {
        document.title = `${script.name}: io-models, side by side`;
        document.documentElement.style.setProperty("--row", `${page_lanes.ROW}px`);
        by_id("name").textContent = script.name;
        by_id("title").textContent = script.title;
        by_id("slider").max = String(record.now);
        script_items = script.lines.map(make_script_line);
        by_id("script").append(...script_items.map(({ row }) => row));
        by_id("lanes").append(...sections.map(({ node }) => node));
        if (models.length === 0)
            by_id("lanes").append(element("p", { class: "note" }, "No model was played."));
        make_legend();
        make_verdicts();
        make_table();
        make_notes();
    }

    function listen() {
        by_id("play").addEventListener("click", () => set_playing(!state.is_playing));
        by_id("slider").addEventListener("input", (event) => set_time(Number(event.target.value)));
        by_id("zoom-in").addEventListener("click", () => set_zoom(state.zoom + 1));
        by_id("zoom-out").addEventListener("click", () => set_zoom(state.zoom - 1));
        by_id("theme").addEventListener("click", () => set_theme(document.documentElement.dataset.theme !== "dark"));
        by_id("predict").addEventListener("change", (event) => document.body.classList.toggle("is-predicting", event.target.checked));
        dark.addEventListener("change", () => set_theme(dark.matches));
        document.addEventListener("keydown", on_key);
        listen_to_lanes();
    }

    function listen_to_lanes() {
        const lanes = by_id("lanes");
        lanes.addEventListener("pointerdown", on_press);
        lanes.addEventListener("pointermove", on_move);
        lanes.addEventListener("pointerup", () => { state.is_dragging = false; });
        lanes.addEventListener("pointercancel", () => { state.is_dragging = false; });
        lanes.addEventListener("pointerleave", hide_tip);
        lanes.addEventListener("click", on_click);
        lanes.addEventListener("focusin", on_focus);
        lanes.addEventListener("focusout", hide_tip);
        for (const section of sections)
            section.toggle.addEventListener("click", () => {
                page_lanes.set_collapsed(section, !section.is_collapsed);
                draw_all();
            });
    }

    set_theme(dark.matches);
    make_all();
    listen();
    set_zoom(0);
    watch_sizes();
})();
