/-! Long goals: each `trace_state` prints at the margin what the step before it must have as its goals. -/
set_option linter.unusedVariables false
theorem t0 (a bb ccc someLongName anotherName : Nat) (h0 : (((anotherName + 1) - (1 - someLongName)) * (if a = ccc then (a - anotherName) else (if 37 = 37 then ccc else ccc))) = (([a, 1].length * (bb - ccc)) * anotherName)) (h1 : ((37 - (a + bb)) + (ccc * (1 * someLongName))) = (((fun x : Nat => x + (someLongName * someLongName)) 37) * (let y := anotherName; y + ((fun x : Nat => x + 37) 37)))) (h2 : (let y := ((let y := 1; y + ccc) * [someLongName, ccc].length); y + (if 37 = someLongName then ((fun x : Nat => x + ccc) 37) else (bb - ccc))) = (let y := ((fun x : Nat => x + (37 * 1)) 37); y + (let y := (1 - 1); y + someLongName))) : ((let y := (if a = 1 then 37 else a); y + [1, ccc].length) + (a + ((fun x : Nat => x + anotherName) 37))) = (a * ccc) ∨ True := by
  trace_state
  sorry
theorem t1 (a bb ccc someLongName anotherName : Nat) (h0 : ((fun x : Nat => x + 37) ccc) = (match a with | 0 => 37 | n + 1 => a)) (h1 : (if ccc = anotherName then (ccc * someLongName) else (37 + anotherName)) = (bb * anotherName)) (h2 : (someLongName * ccc) = (bb * ((fun x : Nat => x + (if 37 = a then someLongName else someLongName)) anotherName))) : (((a + 37) + [ccc, bb].length) * bb) = (((anotherName * bb) + (match 37 with | 0 => 37 | n + 1 => 1)) * ((anotherName - 1) * (someLongName + ccc))) ∨ True := by
  have g0 : ((bb + someLongName) * (someLongName + 37)) = ((fun x : Nat => x + anotherName) someLongName) := by
    have g1 : (let y := (37 * a); y + (someLongName + anotherName)) = someLongName := by
      have g2 : ((anotherName * ccc) - (let y := bb; y + someLongName)) = (37 * ccc) := by
        trace_state
        sorry
      sorry
    sorry
  sorry
theorem t2 (a bb ccc someLongName anotherName : Nat) (h0 : (let y := 37; y + 1) = (bb * anotherName)) (h1 : [(a * ccc), ((fun x : Nat => x + 1) 37)].length = [(match ccc with | 0 => (a + 37) | n + 1 => (37 - ccc)), someLongName].length) (h2 : (let y := ((bb + anotherName) + (37 - a)); y + [someLongName, ((fun x : Nat => x + someLongName) bb)].length) = (if someLongName = 37 then ((1 - a) * [someLongName, anotherName].length) else (match bb with | 0 => [1, bb].length | n + 1 => (1 * anotherName)))) : (((fun x : Nat => x + 1) anotherName) + ((if someLongName = 37 then 1 else ccc) + (1 + a))) = a ∨ True := by
  have g0 : ((fun x : Nat => x + (1 + 1)) someLongName) = (if 1 = 37 then anotherName else anotherName) := by
    trace_state
    sorry
  sorry
theorem t3 (a bb ccc someLongName anotherName : Nat) (h0 : (((let y := bb; y + bb) - ((fun x : Nat => x + 1) ccc)) * ((anotherName + bb) + [37, bb].length)) = bb) (h1 : ((fun x : Nat => x + someLongName) a) = ((37 * (37 + a)) + ((if 37 = anotherName then 1 else anotherName) - someLongName))) (h2 : ((let y := (ccc * bb); y + (if ccc = anotherName then ccc else a)) - ([someLongName, someLongName].length * (a + someLongName))) = ((fun x : Nat => x + ((match 1 with | 0 => 37 | n + 1 => bb) - (anotherName * a))) ccc)) : ((if ccc = anotherName then 37 else (anotherName - anotherName)) + ((anotherName * 1) * (bb + 37))) = (if anotherName = 37 then ccc else someLongName) ∨ True := by
  have g0 : (if 37 = ccc then a else [anotherName, bb].length) = (bb - 37) := by
    have g1 : (anotherName + (let y := ccc; y + 1)) = (anotherName * 1) := by
      trace_state
      sorry
    sorry
  sorry
theorem t4 (a bb ccc someLongName anotherName : Nat) (h0 : (let y := 1; y + bb) = ((fun x : Nat => x + ccc) 1)) (h1 : (a * a) = (let y := a; y + 1)) (h2 : someLongName = ((fun x : Nat => x + ((1 + a) + (37 - anotherName))) 1)) : ((someLongName * anotherName) * ((fun x : Nat => x + anotherName) someLongName)) = ((fun x : Nat => x + (1 - bb)) someLongName) ∨ True := by
  have g0 : [(anotherName + ccc), (someLongName * anotherName)].length = a := by
    have g1 : ((anotherName * ccc) * (ccc + ccc)) = 1 := by
      have g2 : ((a * 37) - ((fun x : Nat => x + a) 37)) = (if a = ccc then bb else bb) := by
        trace_state
        sorry
      sorry
    sorry
  sorry
theorem t5 (a bb ccc someLongName anotherName : Nat) (h0 : ([((fun x : Nat => x + 37) someLongName), (bb * 37)].length * ((if 37 = a then someLongName else a) - (bb + 1))) = ((((fun x : Nat => x + a) someLongName) + bb) + (ccc + ((fun x : Nat => x + anotherName) someLongName)))) (h1 : (1 - bb) = (((fun x : Nat => x + (ccc + anotherName)) someLongName) - (let y := (37 - bb); y + (ccc - a)))) (h2 : (let y := ((1 + bb) * (a + ccc)); y + (anotherName * (1 + 37))) = [someLongName, 1].length) : ((match bb with | 0 => a | n + 1 => someLongName) + (37 * 37)) = 1 ∨ True := by
  trace_state
  sorry
theorem t6 (a bb ccc someLongName anotherName : Nat) (h0 : (if someLongName = 37 then ((fun x : Nat => x + ccc) 37) else (ccc * ccc)) = ((fun x : Nat => x + ((fun x : Nat => x + 37) a)) a)) (h1 : (let y := ((anotherName + bb) + (match anotherName with | 0 => 37 | n + 1 => anotherName)); y + ([37, ccc].length - (a - 37))) = (let y := ((fun x : Nat => x + (1 * 1)) 1); y + (match someLongName with | 0 => [someLongName, anotherName].length | n + 1 => (1 - someLongName)))) (h2 : ([bb, anotherName].length - ((fun x : Nat => x + anotherName) 1)) = (if anotherName = a then [1, someLongName].length else 37)) : ((bb * anotherName) * (1 * 1)) = (bb + 1) ∨ True := by
  have g0 : ((match 37 with | 0 => anotherName | n + 1 => anotherName) * (if ccc = a then a else bb)) = ccc := by
    trace_state
    sorry
  sorry
theorem t7 (a bb ccc someLongName anotherName : Nat) (h0 : (someLongName - 1) = (if bb = 1 then ((bb - ccc) * [anotherName, ccc].length) else (if anotherName = bb then [ccc, a].length else (a * a)))) (h1 : ((fun x : Nat => x + (if bb = someLongName then (if 37 = someLongName then ccc else ccc) else (if ccc = anotherName then bb else bb))) 37) = [((anotherName - 37) * (1 * someLongName)), ([a, anotherName].length - (a + anotherName))].length) (h2 : (((37 * 1) + (37 - ccc)) - ((if ccc = anotherName then someLongName else anotherName) + (anotherName - bb))) = [(ccc - ccc), (someLongName * 37)].length) : [(let y := 37; y + anotherName), (anotherName + anotherName)].length = 37 ∨ True := by
  trace_state
  sorry
