/** Only VS Code's own variables: the panel follows every theme. Sizes are relative to the infoview's text. */
export const STYLE = `
.eva { --eva-ink: var(--vscode-charts-blue, var(--vscode-textLink-foreground)); --eva-quiet: var(--vscode-descriptionForeground);
  --eva-mark: var(--vscode-editorWarning-foreground, currentColor); --eva-track: var(--vscode-editorWidget-border, var(--vscode-contrastBorder, currentColor));
  --eva-line: var(--vscode-contrastBorder, var(--eva-track)); container-type: inline-size; line-height: 1.45; user-select: text; -webkit-user-select: text; }
.eva > summary { user-select: none; -webkit-user-select: none; }
.eva-status { float: right; color: var(--eva-quiet); }
.eva-body { display: flex; flex-direction: column; gap: .85em; padding-bottom: .5em; max-width: 34em; }
.eva-quiet { color: var(--eva-quiet); }
.eva-old { opacity: .72; }
.eva-old .eva-quiet { color: inherit; }
.vscode-high-contrast .eva-old, .vscode-high-contrast-light .eva-old { opacity: 1; }
.eva-small { font-size: .86em; }
.eva-head { display: flex; gap: .9em; align-items: center; }
.eva-gauge { flex: none; width: 6em; text-align: center; }
.eva-gauge svg { display: block; width: 100%; }
.eva-title { min-width: 0; flex: 1; }
.eva-tactic { font-family: var(--vscode-editor-font-family); white-space: pre-wrap; overflow-wrap: anywhere; max-height: 4.4em; overflow: auto; }
.eva-tag { display: inline-block; padding: 0 .45em; border: 1px dashed var(--eva-mark); border-radius: 3px; }
.eva-dimensions { display: grid; grid-template-columns: max-content minmax(4.5em, 1fr) max-content; gap: .1em .9em; align-items: center; }
.eva-dimensions svg { display: block; width: 100%; height: 2.3em; }
.eva-ends { grid-column: 2; display: flex; justify-content: space-between; padding: 0 .6em; font-size: .75em; line-height: 1; margin-top: -.2em; }
.eva-number { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
.eva-critique { margin: .2em 0 0; white-space: pre-wrap; overflow-wrap: anywhere; padding-left: .7em; border-left: 2px solid var(--eva-line); }
.eva-row { display: flex; gap: .6em; align-items: baseline; justify-content: space-between; }
.eva-button { font: inherit; color: var(--vscode-textLink-foreground); background: none; border: 1px solid transparent; border-radius: 3px; padding: 0 .3em;
  cursor: pointer; text-align: left; max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.eva-button:hover { text-decoration: underline; }
.eva-button:focus-visible, .eva > summary:focus-visible { outline: 1px solid var(--vscode-focusBorder); outline-offset: 1px; }
.eva-course { display: block; width: 100%; overflow: visible; }
.eva-step { cursor: pointer; outline: none; }
.eva-step:hover .eva-hit { fill: var(--vscode-list-hoverBackground, transparent); stroke: var(--vscode-contrastActiveBorder, transparent); }
.eva-step:focus-visible .eva-hit { stroke: var(--vscode-focusBorder); stroke-width: 1.5; }
.eva-hit { fill: transparent; }
.eva-trouble { border-left: 3px solid var(--eva-mark); padding: .1em 0 .1em .8em; overflow-wrap: anywhere; display: flex; flex-direction: column; gap: .2em; }
.eva-trouble strong { font-weight: 600; }
.eva-row > .eva-button { flex: none; }
.eva code { font-family: var(--vscode-editor-font-family); color: inherit; background: var(--vscode-textCodeBlock-background, transparent); border-radius: 3px; padding: 0 .3em; }
`
