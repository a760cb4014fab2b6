import Lake
open System Lake DSL

package eva where
  platformIndependent := true
  testDriver := "EvaTest"

/-- The panel, built (`make widget`): `Eva.Panel` includes it, which Lake does not see by itself. -/
input_file panel where
  path := "lean/widget/dist/evaPanel.js"
  text := true

@[default_target]
lean_lib Eva where
  srcDir := "lean"
  needs := #[panel]

input_dir vectors where
  path := "tests/vectors"
  text := true

/-- Tests that run while they are elaborated; a failing one is an error of its file. -/
lean_lib EvaTest where
  srcDir := "tests/lean"
  globs := #[.submodules `EvaTest]
  needs := #[vectors]
