import pytest

from tunewright.support.errors import ConfigError
from tunewright.training.config import Config, build_config, format_config, override, parse_config, with_seed
from tunewright.training.presets import FOLDERS, load_preset, preset_names


def test_a_config_survives_its_toml() -> None:
    config = Config(cell="gru", learning_rate=1e-5, regular_only=True, hidden_size=7)
    assert parse_config(format_config(config)) == config


def test_overrides_have_the_types_of_their_settings() -> None:
    config = override(Config(), ["hidden_size=512", "learning_rate=1", "regular_only=true", "cell=rnn"])
    assert (config.model.hidden_size, config.optimiser.learning_rate, config.data.regular_only, config.model.cell) == (
        512,
        1.0,
        True,
        "rnn",
    )
    assert isinstance(config.optimiser.learning_rate, float)


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("hiden_size=3", "did you mean 'hidden_size'"),
        ("nothing=3", "known: tokens, "),
        ("hidden_size", "expected key=value"),
        ("hidden_size=big", "expected a whole number"),
        ("hidden_size=2.5", "expected a whole number"),
        ("hidden_size=0", "expected 1 to"),
        ("hidden_size=true", "expected a whole number"),
        ("dropout=1", "expected 0 to 0.95"),
        ("regular_only=1", "expected true or false"),
        ("cell=transformers", "known: lstm, gru, rnn, attentive-lstm, transformer"),
        ("num_heads=0", "expected 1 to"),
        ("num_heads=2", "a model of cell lstm does not attend"),
        ("learning_rate=nan", "expected 1e-09 to 10"),
    ],
)
def test_an_impossible_override_is_explained_in_one_line(assignment: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        override(Config(), [assignment])
    assert "\n" not in str(caught.value)


def test_an_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match=r"known: base, default, lab-batch, lab-default, .*lab-joint, .*sound$"):
        load_preset("labjoint")


def test_broken_toml_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match=r"x\.toml: not TOML"):
        parse_config("= 3", "x.toml")


def test_the_lab_presets_are_the_labs() -> None:
    default, joint = load_preset("lab-default"), load_preset("lab-joint")
    assert (default.model.hidden_size, default.model.num_layers, default.model.embedding_dim) == (1024, 1, 256)
    assert (default.data.batch_size, default.data.seq_length, default.optimiser.learning_rate) == (8, 100, 5e-3)
    assert (joint.model.hidden_size, joint.model.num_layers, joint.model.embedding_dim) == (512, 2, 256)
    assert (joint.data.batch_size, joint.data.seq_length, joint.optimiser.learning_rate) == (64, 50, 1e-3)
    assert default.schedule.num_training_iterations == joint.schedule.num_training_iterations == 3000


@pytest.mark.parametrize("name", preset_names())
def test_every_setting_that_a_preset_names_has_a_reason_or_is_the_labs(name: str) -> None:
    load_preset(name)
    if not name.startswith("lab-"):
        file = next(folder / f"{name}.toml" for folder in FOLDERS if (folder / f"{name}.toml").exists())
        settings = [line for line in file.read_text().splitlines() if line and not line.startswith("#")]
        assert all("  # " in line for line in settings), [line for line in settings if "#" not in line]


def test_the_seed_is_set_only_where_one_is_given() -> None:
    assert with_seed(Config(seed=4), None).seed == 4
    assert with_seed(Config(seed=4), 5).seed == 5


def test_a_setting_of_the_wrong_type_names_its_source() -> None:
    with pytest.raises(ConfigError, match=r"mine\.toml: cell is 3; expected a word"):
        build_config({"cell": 3}, "mine.toml")
