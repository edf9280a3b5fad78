/** The home page: the parts of the default one, in a main landmark, which the default one lacks. */
import { Content } from "vitepress"
import { VPHomeContent, VPHomeFeatures, VPHomeHero } from "vitepress/theme"
import { defineComponent, h } from "vue"

export const Home = defineComponent({
  setup: () => () =>
    h("main", { class: "Home" }, [h(VPHomeHero), h(VPHomeFeatures), h(VPHomeContent, () => h(Content))])
})
