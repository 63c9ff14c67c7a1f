/* The first thing that is read: one sentence, the key figures, and what to be careful about. */

function isFrobenius() { return MODEL.loss === "frobenius"; }

function whyStopped() {
  return MODEL.stopped === "converged" ? "converged" : MODEL.stopped === "stalled" ? "stalled" : "unfinished";
}

function isConsensus() { return typeof DATA.components[0].stability === "number"; }
function isPartial() { return DATA.data !== undefined && DATA.data.observed !== undefined; }

/* What the part that is explained is a part of. */
function whatIsExplained() {
  var of = say(isFrobenius() ? "what_squares" : "what_divergence");
  return isPartial() ? say(DATA.data.weighted ? "what_weighted" : "what_observed", {what: of}) : of;
}

function verdictSentence() {
  return el("p", {"class": "verdict explains", id: "verdict-sentence"}, weave(isConsensus() ? "said_consensus" : "said", {
    k: number("model/k", "whole"), parts: term(kindWord("parts"), "components"),
    m: number("model/samples", "whole"), n: number("model/features", "whole"), features: kindWord("features"),
    explain: term(say("said_explain"), isFrobenius() ? "explained_frobenius" : "explained_divergence"),
    explained: number("explained", "percent"), what: whatIsExplained(), many: term(say("many_fits"), "consensus"),
    stopped: term(say("stop_" + MODEL.stopped), whyStopped())
  }));
}

/* What the ranks add to the cautions. */
function rankCautions() {
  var rank = DATA.rank, found = [];
  if (!rank) return found;
  if (rank.set && rank.set.length > 1) found.push({code: "flat_rank", set: "k = " + rank.set.join(", ")});
  if (rank.at_edge) found.push({code: "edge_rank"});
  (rank.ranks || []).forEach(function (row, i) {
    if (row.k === K && typeof row.stability === "number" && row.stability < 0.8) {
      found.push({code: "unstable_rank", stability: number("rank/ranks/" + i + "/stability", "cosine")});
    }
  });
  return found;
}

function cautions() {
  var all = DATA.cautions.concat(rankCautions());
  if (!all.length) return el("p", {"class": "no-cautions"}, say("no_cautions"));
  return el("ul", {"class": "cautions"}, all.map(function (one, i) {
    var values = {k: K};
    Object.keys(one).forEach(function (name) {
      values[name] = typeof one[name] === "number" && i < DATA.cautions.length
        ? number("cautions/" + i + "/" + name, name === "count" ? "whole" : "plain") : one[name];
    });
    return el("li", {"data-caution": one.code}, weave("caution_" + one.code, values));
  }));
}

function fact(label, value, why) {
  return el("div", {"class": "fact"}, el("dt", {}, why ? term(label, why) : label), el("dd", {}, value));
}

function verdictSection() {
  var facts = [
    fact(say("fact_explained"), number("explained", "percent"), isFrobenius() ? "explained_frobenius" : "explained_divergence"),
    fact(say(isFrobenius() ? "fact_relative_error" : "fact_divergence"), number("model/relative_error")),
    fact(say("fact_k"), number("model/k", "whole")),
    fact(say("fact_shape"), [number("model/samples", "whole"), " × ", number("model/features", "whole")]),
    isConsensus() ? null : fact(say("fact_kkt"), number("model/kkt"), "kkt"),
    fact(say("fact_seconds"), number("model/seconds"))
  ];
  if (isPartial()) facts.splice(4, 0, fact(say("fact_observed"), number("data/observed", "percent"), "observed"));
  if (DATA.labels) facts.push(fact(say("fact_nmi"), number("labels/nmi", "cosine"), "nmi"));
  return [verdictSentence(), el("div", {"class": "explains"}, el("dl", {"class": "facts"}, facts)),
          el("h3", {}, say("careful")), cautions()];
}
