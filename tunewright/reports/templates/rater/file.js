// The static file: a test that stands in the page itself.

import { FileStore } from "./file_store.js";
import { RaterPage } from "./rater.js";

const { test, texts, language } = JSON.parse(document.getElementById("listening").textContent);
new RaterPage(document.getElementById("main"), test, new FileStore(test), texts, language).start();
