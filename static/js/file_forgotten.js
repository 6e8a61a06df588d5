// A launched campaign needs its file no more: the copy that this browser kept goes.

import { forget } from "./desk_file.js";

forget(document.querySelector("[data-forgets-file]").dataset.forgetsFile);
