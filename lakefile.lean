import Lake
open System Lake DSL

package eva where
  platformIndependent := true
  testDriver := "EvaTest"

@[default_target]
lean_lib Eva where
  srcDir := "lean"

input_dir vectors where
  path := "tests/vectors"
  text := true

/-- Tests that run while they are elaborated; a failing one is an error of its file. -/
lean_lib EvaTest where
  srcDir := "tests/lean"
  globs := #[.submodules `EvaTest]
  needs := #[vectors]
