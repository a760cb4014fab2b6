/-! Long goals: each `trace_state` prints at the margin what the step before it must have as its goals. -/
set_option linter.unusedVariables false

theorem wide1 (a bb ccc someLongName anotherName : Nat) (h0 : (if bb = ccc then ((bb + anotherName) * ((fun x : Nat => x + anotherName) anotherName)) else (((fun x : Nat => x + someLongName) 37) * ((fun x : Nat => x + someLongName) a))) = (37 - anotherName)) (h1 : ((let y := 1; y + 1) * ((fun x : Nat => x + bb) 1)) = ((let y := 37; y + 37) * (1 * 1))) (h2 : (bb * 37) = (((a - anotherName) * (37 - anotherName)) - (((fun x : Nat => x + bb) ccc) + (37 - someLongName)))) : (match 37 with | 0 => (bb * a) | n + 1 => (if 37 = a then anotherName else someLongName)) = (if ccc = someLongName then (anotherName * 37) else bb) ∨ True := by
  have g0 : ccc = ((fun x : Nat => x + ccc) anotherName) := by
    have g1 : bb = (37 - 37) := by
      trace_state
      sorry
    sorry
  sorry

theorem wide2 (a bb ccc someLongName anotherName : Nat) (h0 : (((fun x : Nat => x + a) 37) + a) = (1 + anotherName)) (h1 : (someLongName - ([someLongName, a].length + (if someLongName = 37 then a else anotherName))) = someLongName) (h2 : (((1 * 37) - [someLongName, someLongName].length) + ((someLongName + someLongName) + [ccc, anotherName].length)) = (if 37 = 1 then (let y := 37; y + someLongName) else ((fun x : Nat => x + anotherName) anotherName))) : ((anotherName + 1) * (37 + a)) = (match ccc with | 0 => anotherName | n + 1 => ccc) ∨ True := by
  trace_state
  sorry

theorem wide3 (a bb ccc someLongName anotherName : Nat) (h0 : (let y := (ccc * someLongName); y + (ccc * ccc)) = (let y := 37; y + 37)) (h1 : [(1 - bb), (a + bb)].length = [(someLongName + bb), someLongName].length) (h2 : (if 37 = a then (1 * someLongName) else (a * a)) = ((((fun x : Nat => x + 37) 37) * (match anotherName with | 0 => bb | n + 1 => ccc)) + ((let y := someLongName; y + someLongName) - [37, anotherName].length))) : ((if 37 = anotherName then ((fun x : Nat => x + someLongName) someLongName) else (ccc - bb)) - ((match 37 with | 0 => someLongName | n + 1 => anotherName) - (anotherName - a))) = ((fun x : Nat => x + (someLongName - a)) ccc) ∨ True := by
  have g0 : someLongName = [1, someLongName].length := by
    have g1 : [(37 * ccc), bb].length = [ccc, anotherName].length := by
      have g2 : ((a * bb) + (if a = 1 then 1 else 37)) = (match a with | 0 => ccc | n + 1 => 1) := by
        trace_state
        sorry
      sorry
    sorry
  sorry

theorem wide4 (a bb ccc someLongName anotherName : Nat) (h0 : ((ccc + 1) * [someLongName, 37].length) = (1 + anotherName)) (h1 : (bb * a) = ((let y := (someLongName + ccc); y + ((fun x : Nat => x + ccc) 1)) * ((anotherName + 1) * (37 * someLongName)))) (h2 : ((someLongName + 1) - (let y := bb; y + anotherName)) = (if 37 = bb then ((bb * anotherName) + (bb + bb)) else (if someLongName = ccc then (a * anotherName) else ccc))) : (((match 37 with | 0 => ccc | n + 1 => bb) - (ccc + 37)) - ((fun x : Nat => x + 1) ccc)) = ((fun x : Nat => x + 37) anotherName) ∨ True := by
  have g0 : ccc = (ccc + bb) := by
    have g1 : ((a - someLongName) * (match anotherName with | 0 => bb | n + 1 => someLongName)) = (1 + a) := by
      trace_state
      sorry
    sorry
  sorry

theorem wide5 (a bb ccc someLongName anotherName : Nat) (h0 : ((fun x : Nat => x + (let y := 37; y + bb)) 37) = ([bb, 37].length * (someLongName + 37))) (h1 : (let y := 1; y + (if 1 = bb then [someLongName, a].length else (if 37 = 1 then ccc else 1))) = (((ccc + ccc) * (bb + a)) - (if 37 = ccc then (a - ccc) else (match someLongName with | 0 => ccc | n + 1 => someLongName)))) (h2 : [ccc, anotherName].length = (([a, 1].length - [someLongName, bb].length) - ((ccc * anotherName) * (1 - a)))) : ((someLongName * ccc) + (match anotherName with | 0 => a | n + 1 => anotherName)) = bb ∨ True := by
  have g0 : ccc = a := by
    trace_state
    sorry
  sorry

theorem wide6 (a bb ccc someLongName anotherName : Nat) (h0 : (if a = ccc then someLongName else ((bb - anotherName) * (a + anotherName))) = (bb + anotherName)) (h1 : [a, bb].length = (if anotherName = a then ([ccc, ccc].length * (37 - bb)) else (if bb = 37 then (1 * 37) else (ccc * 1)))) (h2 : (((bb + a) + (37 * anotherName)) - ((let y := a; y + ccc) * ((fun x : Nat => x + 1) someLongName))) = ((ccc + 37) - (someLongName - 1))) : ((if bb = 1 then (anotherName - 37) else (1 * someLongName)) * ([a, bb].length - (let y := bb; y + ccc))) = [(a - 37), (ccc * 37)].length ∨ True := by
  have g0 : (if bb = someLongName then (bb - someLongName) else (ccc + someLongName)) = (ccc * someLongName) := by
    trace_state
    sorry
  sorry

theorem wide7 (a bb ccc someLongName anotherName : Nat) (h0 : ((someLongName * someLongName) * (let y := bb; y + bb)) = ((fun x : Nat => x + (if anotherName = 37 then (ccc + a) else 1)) 37)) (h1 : [(37 - someLongName), (someLongName * 37)].length = (anotherName * bb)) (h2 : ((fun x : Nat => x + anotherName) someLongName) = (if bb = bb then ((anotherName * 37) + (37 - a)) else ((let y := a; y + someLongName) - [anotherName, 37].length))) : [(match a with | 0 => anotherName | n + 1 => ((fun x : Nat => x + 37) anotherName)), ((bb + ccc) + (if ccc = bb then ccc else someLongName))].length = ((fun x : Nat => x + ((fun x : Nat => x + 1) a)) 37) ∨ True := by
  trace_state
  sorry

theorem wide8 (a bb ccc someLongName anotherName : Nat) (h0 : (if someLongName = 37 then 37 else anotherName) = ((anotherName * someLongName) + (someLongName * bb))) (h1 : (match ccc with | 0 => ((fun x : Nat => x + bb) 37) | n + 1 => (if bb = someLongName then (let y := someLongName; y + 37) else (someLongName - someLongName))) = (if ccc = anotherName then someLongName else ccc)) (h2 : ([(let y := bb; y + 37), [someLongName, anotherName].length].length * (if someLongName = someLongName then (if a = a then 1 else 1) else (let y := anotherName; y + anotherName))) = 37) : 37 = (a - someLongName) ∨ True := by
  have g0 : [ccc, someLongName].length = (if 1 = anotherName then ccc else someLongName) := by
    trace_state
    sorry
  sorry
