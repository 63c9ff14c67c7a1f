/* Where the model came from, and everything in the page as files. */

function copyButton(text) {
  var button = el("button", {type: "button", id: "copy-command"}, say("copy"));
  button.addEventListener("click", function () {
    function done() { button.textContent = say("copied"); }
    function byHand() { /* where a page from a file may not use the clipboard */
      var area = el("textarea", {"class": "offscreen", "aria-hidden": "true"}, text);
      document.body.appendChild(area);
      area.select();
      document.execCommand("copy");
      document.body.removeChild(area);
      button.focus();
      done();
    }
    if (navigator.clipboard && navigator.clipboard.writeText) navigator.clipboard.writeText(text).then(done, byHand);
    else byHand();
  });
  return button;
}

function optionRows() {
  var rows = [];
  Object.keys(MODEL).forEach(function (name) {
    var value = MODEL[name];
    if (typeof value !== "object") rows.push([name, value, "model/" + name]);
  });
  Object.keys(MODEL.options).forEach(function (name) { rows.push(["options." + name, MODEL.options[name], "model/options/" + name]); });
  return rows;
}

function originSection() {
  var origin = DATA.origin, everyone = DATA.samples.index.map(function (sample, place) { return place; });
  function save(title, rows) {
    return el("button", {type: "button", onclick: function () { saveText(title, "csv", "text/csv", csv(rows())); }}, title);
  }
  return [
    el("h3", {}, say("command")), el("pre", {"class": "command", id: "command", tabindex: "0"}, origin.command), copyButton(origin.command),
    origin.command_is_made ? el("p", {"class": "note"}, say("command_made")) : null,
    el("dl", {"class": "facts"}, fact(say("version"), DATA.nmfkit), origin.created ? fact(say("created"), origin.created) : null,
      fact(say("kernel"), say(MODEL.threads === 1 ? "arithmetic_one" : "arithmetic", {kernel: MODEL.kernel, precision: MODEL.precision, threads: MODEL.threads})), fact(say("fingerprint"), MODEL.fingerprint)),
    el("details", {"aria-label": say("all_options")}, el("summary", {}, say("all_options")), el("table", {"class": "plain", "aria-label": say("all_options")},
      el("thead", {}, el("tr", {}, el("th", {scope: "col"}, say("option")), el("th", {scope: "col"}, say("value")))),
      el("tbody", {}, optionRows().map(function (row) {
        return el("tr", {}, el("th", {scope: "row"}, row[0]), el("td", {}, typeof row[1] === "number" ? number(row[2]) : String(row[1])));
      })))),
    el("h3", {}, say("save")), el("p", {"class": "buttons"},
      save(say("save_H"), function () {
        return [["feature"].concat(H.map(function (row, c) { return "component " + c; }))].concat([].map.call(H[0], function (x, j) {
          return [featureName(j)].concat(H.map(function (row) { return row[j]; }));
        }));
      }),
      save(say("save_W"), function () {
        return [["sample"].concat(H.map(function (row, c) { return "component " + c; }))].concat(everyone.map(function (place) {
          return [sampleName(place)].concat([].slice.call(W.row(place)));
        }));
      }),
      save(say("save_shares"), function () { return shareTable(everyone.map(sharesOf), everyone); }),
      el("button", {type: "button", onclick: function () { saveText("report", "json", "application/json", JSON.stringify(DATA)); }}, say("save_json"))),
    el("p", {"class": "note"}, say("save_note"))];
}
