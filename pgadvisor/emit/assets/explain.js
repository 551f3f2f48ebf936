// Draws the first plan of the page, and each other one when its place comes into view.
(function () {
  function draw(place) {
    var source = document.getElementById(place.dataset.source).textContent;
    var query = JSON.parse(document.getElementById(place.dataset.query).textContent);
    Vue.createApp({
      render: function () {
        return Vue.h(pev2.Plan, { planSource: source, planQuery: query });
      },
    }).mount(place);
  }
  var watcher = new IntersectionObserver(function (entries) {
    entries.forEach(function (entry) {
      if (entry.isIntersecting) {
        watcher.unobserve(entry.target);
        draw(entry.target);
      }
    });
  });
  document.querySelectorAll(".picture").forEach(function (place, number) {
    if (number === 0) {
      draw(place);
    } else {
      watcher.observe(place);
    }
  });
})();
