// The player on a page beside the report, in the place of the last screen.
const start = async () => {
  head = await block("cast");
  const place = document.getElementById("still");
  place.before(playerOf(head.cast));
  place.className = "still";
};
start();
