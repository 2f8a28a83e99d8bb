"""What the screen shows when a study has succeeded."""

from emotion_grid.jobs.outcome import explain_success


def test_the_best_run_its_scores_and_the_report_are_named(tmp_path):
    assert explain_success(tmp_path) == ""
    (tmp_path / "summary.csv").write_text(
        "run,kind,validation_macro_f1,dev_macro_f1,test_macro_f1\none,run,0.7,0.61234,\ntwo,run,0.6,0.7,\n"
    )
    (tmp_path / "models.csv").write_text("run,best,model\none,True,\ntwo,False,\n")
    assert explain_success(tmp_path) == ""
    (tmp_path / "report.html").touch()
    told = explain_success(tmp_path)
    assert "Best run of the best setting by validation: one\n" in told
    assert "Macro-F1: validation 0.700, dev 0.612\n" in told
    assert str(tmp_path / "report.html") in told
