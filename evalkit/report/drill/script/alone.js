// The player on a page beside the report, in the place of the last screen and of what is said of it.
const start = async () => {
  head = await block("cast");
  const place = document.getElementById("still");
  place.nextElementSibling.remove();
  place.replaceWith(playerOf(head.cast));
};
start();
