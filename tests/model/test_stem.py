

@pytest.mark.parametrize("bias", [True, False])
def test_convolving_over_time_is_a_convolution_in_three_dimensions(generator, bias):
    conv, x = TimeConv3d(3, 5, bias=bias), torch.randn(2, 3, 4, 6, 7, generator=generator)
    torch.testing.assert_close(conv(x), F.conv3d(x, conv.weight, conv.bias, padding=(1, 0, 0)))
