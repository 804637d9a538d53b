// The address that pgmoat serve prints has the token after the #, which browsers do not send: into the form with it.
const token = location.hash.slice(1);
const field = document.getElementById("token");
if (token && field) {
  history.replaceState(null, "", location.pathname + location.search);
  field.value = decodeURIComponent(token);
}
