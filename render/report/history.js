/* How the fit got where it is, PCA beside it, and what held-out entries say of other numbers of
 * components. */

function tracePoints(what) {
  return DATA.trace[what].map(function (value, i) { return [DATA.trace[STATE.against][i], value]; });
}

function traceTable() {
  var names = ["iteration", "passes", "seconds", "loss", "kkt"];
  return [names].concat(DATA.trace.iteration.map(function (x, i) { return names.map(function (name) { return DATA.trace[name][i]; }); }));
}

function traceFigures() {
  var x = {label: say(STATE.against)};
  var tolerance = MODEL.options.tol > 0 ? [{y: MODEL.options.tol, text: say("tolerance") + " " + shortNumber(MODEL.options.tol)}] : [];
  return [["loss", {label: say("loss"), log: true}, []], ["kkt", {label: say("kkt"), log: true}, tolerance]].map(function (row) {
    var drawn = chart({label: say(row[0] + "_title"), x: x, y: row[1], points: tracePoints(row[0]), lines: row[2]});
    return drawn ? figure(say(row[0] + "_title"), drawn, traceTable) : null;
  });
}

/* Each start a dot, at the loss it had when they were compared; the one that won is ringed. */
function startsFigure() {
  var starts = DATA.starts;
  if (!starts) return null;
  var several = starts.tried > 1;
  var drawn = several && chart({label: say("starts_title"), x: {label: say("start_axis")}, y: {label: say("loss")}, dots: true,
    points: starts.losses.map(function (loss, i) { return [i + 1, loss]; }), ringed: starts.won});
  return [el("h3", {"class": "explains"}, term(say("starts_title"), "starts")),
    el("p", {"class": "note"}, weave(starts.tried < starts.count ? "starts_some" : starts.spread === null ? "starts_exact" : "starts_spread", {
      tried: number("starts/tried", "whole"), count: number("starts/count", "whole"), won: number("starts/won", "whole"), seed: number("model/winning_seed", "whole"),
      spread: number("starts/spread", "percent")})),
    drawn ? el("div", {"class": "charts one"}, figure(say("starts_title"), drawn, function () {
      return [["start", "loss"]].concat(starts.losses.map(function (loss, i) { return [i + 1, loss]; }));
    })) : null];
}

function pcaTable() {
  if (isPartial()) return el("p", {"class": "note"}, say("no_pca"));
  if (!DATA.pca) return null;
  var both = isFrobenius();
  return [el("h3", {"class": "explains"}, term(say("beside_pca"), "pca")),
    both ? el("table", {"class": "plain", "aria-label": say("beside_pca")}, el("thead", {}, el("tr", {}, el("th", {scope: "col"}, say("method")), el("th", {scope: "col"}, say("fact_relative_error")))),
      el("tbody", {}, el("tr", {}, el("th", {scope: "row"}, say("nmf")), el("td", {}, number("model/relative_error"))),
        el("tr", {}, el("th", {scope: "row"}, say("pca")), el("td", {}, number("pca/relative_error"))))) : null,
    el("p", {"class": "note"}, both ? say("pca_note", {k: K}) + " " : null, weave("pca_variance", {share: number("pca/explained_variance", "percent")}))];
}

function historySection() {
  var host = el("div", {"class": "charts"});
  function redraw() { host.textContent = ""; add(host, traceFigures()); }
  var several = MODEL.options.starts > 1;
  if (DATA.trace.iteration.length) redraw();
  if (isConsensus()) return [el("p", {"class": "note explains"}, weave("consensus_note", {many: term(say("many_fits"), "consensus")})), pcaTable()];
  return [
    el("p", {"class": "note"}, weave(MODEL.sketch_iterations > 0 ? "few_lines" : "no_sketch", {iterations: number("model/iterations", "whole"), sketch: number("model/sketch_iterations", "whole"),
                                                 passes: number("model/passes", "whole"), seconds: number("model/seconds")}), " ",
       DATA.starts ? null : several ? weave("starts_note", {starts: number("model/options/starts", "whole"), seed: number("model/winning_seed", "whole")})
               : say("start_note", {init: MODEL.init})),
    DATA.trace.iteration.length
      ? [el("div", {"class": "controls"}, choice(say("against"), "against", [["passes", say("passes")], ["seconds", say("seconds")]], redraw)), host]
      : el("p", {"class": "note"}, say("no_trace")),
    startsFigure(), pcaTable()];
}

/* ---- ranks ---- */

function rankText(rank) {
  var said = [], best = rank.predictive !== undefined ? rank.predictive : rank.best;
  if (best !== undefined && best !== null) said.push(say("rank_best", {k: best}));
  if (rank.set && rank.set.length > 1) said.push(say("rank_set", {set: "k = " + rank.set.join(", ")}));
  if (rank.stable) said.push(rank.stable.length ? say("rank_stable", {stable: rank.stable.join(", ")}) : say("rank_unstable"));
  return said.join(STATE.language === "zh" ? "" : " ");
}

/* The standard error of the loss's difference to the best one, in the unit of the error: that of the
 * Frobenius loss is a root. Also where the file has no loss beside the error. */
function rankBar(row) {
  if (typeof row.se !== "number" || typeof row.loss !== "number" || !(row.loss > 0)) return row.se || 0;
  return row.error * row.se / (DATA.rank.loss === "frobenius" ? 2 * row.loss : row.loss);
}

/* An error that falls more than tenfold is drawn by its logarithm, as nmf rank --plot does. */
function fallsFar(rows) {
  var errors = rows.map(function (row) { return row.error; }), low = Math.min.apply(null, errors);
  return low > 0 && Math.max.apply(null, errors) > 10 * low;
}

function rankSection() {
  var rank = DATA.rank, rows = rank.ranks || [];
  var drawn = chart({label: say("heldout"), x: {label: say("components_axis"), log: true, values: rows.map(function (row) { return row.k; })},
    y: {label: say("heldout"), log: fallsFar(rows)},
    points: rows.map(function (row) { return [row.k, row.error, rankBar(row)]; }), marks: [{x: K, text: say("this_k", {k: K})}]});
  var fields = [["k", "k_column", "whole"], ["error", "heldout", "plain"], ["p_best", "p_best", "percent"],
                ["stability", "stability", "cosine"], ["returning", "returning", "whole"]].filter(function (field) {
    return rows.some(function (row) { return typeof row[field[0]] === "number"; });
  });
  return [el("p", {"class": "explains"}, rankText(rank), " ", term("?", "rank")), el("div", {"class": "charts"}, drawn ? figure(say("heldout"), drawn, function () {
      return [fields.map(function (field) { return field[0]; })].concat(rows.map(function (row) { return fields.map(function (field) { return row[field[0]]; }); }));
    }) : null,
    el("div", {"class": "scroll", tabindex: "0", role: "region", "aria-label": say("rank")}, el("table", {"class": "plain", "aria-label": say("heldout")},
      el("thead", {}, el("tr", {}, fields.map(function (field) { return el("th", {scope: "col"}, say(field[1])); }))),
      el("tbody", {}, rows.map(function (row, i) {
        return el("tr", {"class": row.k === K ? "this" : null}, fields.map(function (field, column) {
          return el(column ? "td" : "th", column ? {} : {scope: "row"}, typeof row[field[0]] === "number" ? number("rank/ranks/" + i + "/" + field[0], field[2]) : "–");
        }));
      })))))];
}
