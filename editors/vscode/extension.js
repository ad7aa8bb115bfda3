// Starts `pipewright lsp` and connects the editor to it. Everything else is in the binary.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

/** @type {LanguageClient | undefined} */
let client;

/** The binary: as set, else the first on the PATH. Nothing if there is none. */
function binary(set, environment = process.env, platform = process.platform) {
  const names = platform === "win32" ? ["pipewright.exe", "pipewright"] : ["pipewright"];
  const usable = (file) => {
    try {
      fs.accessSync(file, platform === "win32" ? fs.constants.F_OK : fs.constants.X_OK);
      return fs.statSync(file).isFile();
    } catch {
      return false;
    }
  };
  if (set) {
    return usable(set) ? set : undefined;
  }
  const folders = (environment.PATH ?? environment.Path ?? "").split(path.delimiter).filter(Boolean);
  return folders.flatMap((folder) => names.map((name) => path.join(folder, name))).find(usable);
}

async function start() {
  const settings = vscode.workspace.getConfiguration("pipewright");
  const set = settings.get("path", "").trim();
  const command = binary(set);
  if (!command) {
    const message = set
      ? `Pipewright: there is no program \`${set}\`. Change the setting \`pipewright.path\`.`
      : "Pipewright: there is no `pipewright` on the PATH. Install it, or set `pipewright.path`.";
    const choice = await vscode.window.showErrorMessage(message, "Open settings");
    if (choice) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "pipewright.path");
    }
    return;
  }
  client = new LanguageClient(
    "pipewright",
    "Pipewright",
    { command, args: ["lsp"] },
    {
      documentSelector: [
        { scheme: "file", language: "pipewright" },
        { scheme: "untitled", language: "pipewright" },
      ],
      initializationOptions: { environment: settings.get("environment", "") },
    },
  );
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    vscode.window.showErrorMessage(`Pipewright: \`${command} lsp\` does not start: ${error}`);
  }
}

async function stop() {
  const running = client;
  client = undefined;
  await running?.stop();
}

async function restart() {
  await stop();
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("pipewright.restart", restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("pipewright.path") || event.affectsConfiguration("pipewright.environment")) {
        restart();
      }
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop, binary };
